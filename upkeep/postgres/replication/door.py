"""What the Ansible module asks of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from upkeep.errors import NotReady, Refused
from upkeep.ports.clock import Clock
from upkeep.ports.postgres import Connection, PostgresPrograms
from upkeep.postgres.replication import failover, preparation
from upkeep.postgres.replication.judgement import Judgement, Limits, judge
from upkeep.postgres.replication.members import ask

WAIT = 3  # seconds for an answer: a failover does not wait for a server that is off
PORT = 5432


def done_as_asked(given: Mapping[str, Any], clock: Clock, *, only_plan: bool) -> dict[str, Any]:
    """`given`: servers, user, password, sslmode, programs, state and what that state needs."""
    servers = [_programs_of(place, given) for place in given["servers"]]
    match given["state"]:
        case "promoted":
            return _promoted(servers, [_full(place) for place in given["lost"]], clock, only_plan)
        case "prepared":
            return _prepared(servers, given, only_plan)
        case "checked":
            return _shown(_settled(servers, given, clock), changed=False)
    return _shown(judge(*ask(servers), Limits()), changed=False)


def _promoted(servers: list[PostgresPrograms], lost: Sequence[str], clock: Clock, only_plan: bool) -> dict[str, Any]:
    known = failover.plan(servers, lost)
    if only_plan or not known.needed:
        return {"changed": known.needed, "message": known.message, "primary": known.coming.place}
    done = failover.fail_over(known, clock)
    return {"changed": True, "message": done.message, "primary": done.primary.place}


def _prepared(servers: list[PostgresPrograms], given: Mapping[str, Any], only_plan: bool) -> dict[str, Any]:
    found = judge(*ask(servers), Limits())
    if found.primary is None:
        raise Refused("Es gibt keinen Primärserver, der vorbereitet werden könnte", observed=found.message)
    asked = (found.primary.programs, given["account"], given["account_password"], given["slot"])
    done = preparation.missing(*asked) if only_plan else preparation.prepare(*asked)
    message = ", ".join(done) or "nichts zu tun"
    return _shown(found, changed=bool(done)) | {"message": f"{found.primary.place}: {message}."}


def _settled(servers: list[PostgresPrograms], given: Mapping[str, Any], clock: Clock) -> Judgement:
    """A standby that has just started needs a moment."""
    limits, ends = Limits(given["megabytes"], given["seconds"]), clock.monotonic() + given["wait"]
    while (found := judge(*ask(servers), limits)).findings and clock.monotonic() < ends:
        clock.sleep(0.5)
    if found.findings:
        raise NotReady(found.message)
    return found


def _shown(found: Judgement, *, changed: bool) -> dict[str, Any]:
    primary = found.primary.place if found.primary else None
    standbys = [one.place for one in found.standbys]
    fresh = [one.place for one in found.others if not one.databases]
    return {"changed": changed, "message": found.message, "primary": primary, "standbys": standbys, "fresh": fresh}


def _programs_of(place: str, given: Mapping[str, Any]) -> PostgresPrograms:
    host, port = _full(place).rsplit(":", 1)
    connection = Connection(host, given["user"], given["password"], int(port), given["sslmode"], WAIT)
    return PostgresPrograms(connection, Path(given["programs"]) if given.get("programs") else None)


def _full(place: str) -> str:
    """`db1` → `db1:5432`."""
    host, colon, port = place.rpartition(":")
    if colon and not port.isdigit():
        raise Refused("So sieht kein Datenbankserver aus", observed=f"„{place}“", limit="Host oder Host:Port")
    return place if colon else f"{place or host}:{PORT}"
