"""What each server says of itself, all asked at once, each only as long as its connection's `wait`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from upkeep.errors import DatabaseFailed
from upkeep.ports.postgres import PostgresPrograms

# A standby may have replayed from its own disk more than it received since it started: the larger one counts.
_ASK = """SELECT s.system_identifier, r.recovers,
  CASE WHEN r.recovers THEN coalesce(w.received_tli, c.timeline_id)
       ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  CASE WHEN r.recovers THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
       ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn,
  CASE WHEN r.recovers THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn,
  coalesce(w.status = 'streaming', false),
  CASE WHEN r.recovers THEN coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) ELSE 0 END,
  (SELECT count(*) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres')
FROM pg_control_system() s, pg_control_checkpoint() c, (SELECT pg_is_in_recovery() AS recovers) r
  LEFT JOIN pg_stat_wal_receiver w ON true;
"""


@dataclass(frozen=True)
class Member:
    """One server. `cluster` is the identifier all copies share; `received` and `replayed` are bytes of WAL (a primary:
    what it wrote); `age` is how old the last change is that a standby has replayed, in seconds."""

    place: str
    programs: PostgresPrograms
    cluster: str
    standby: bool
    timeline: int
    received: int
    replayed: int
    streaming: bool
    age: float
    databases: int


@dataclass(frozen=True)
class Silent:
    """A server that gave no answer, and why."""

    place: str
    reason: str


def ask(servers: Sequence[PostgresPrograms]) -> tuple[list[Member], list[Silent]]:
    with ThreadPoolExecutor(max_workers=len(servers)) as pool:
        answers = list(pool.map(_ask, servers))
    return [one for one in answers if isinstance(one, Member)], [one for one in answers if isinstance(one, Silent)]


def _ask(programs: PostgresPrograms) -> Member | Silent:
    place = programs.connection.place
    try:
        row = programs.query(_ASK)[0]
    except DatabaseFailed as error:
        return Silent(place, str(error.observed))
    cluster, standby, timeline, received, replayed, streaming, age, databases = row
    return Member(
        place,
        programs,
        cluster,
        standby == "t",
        int(timeline),
        int(received),
        int(replayed),
        streaming == "t",
        float(age),
        int(databases),
    )
