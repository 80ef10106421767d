"""How backups are known to be good, which of them go, and what raises an alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY, backups
from upkeep import status
from upkeep.backup import memory
from upkeep.backup.catalogue import Catalogue, catalogue, tags
from upkeep.backup.retention import kept, superfluous
from upkeep.policy.backup import Keep
from upkeep.ports.clock import stamp
from upkeep.ports.restic import Snapshot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEEP = Keep(hourly=0, daily=3, weekly=2, monthly=2, yearly=1)


def run_id(at: datetime) -> str:
    return f"{at:%Y%m%d-%H%M%S}-backup-abcd"


def snapshot(at: datetime, source: str, holds: int | None = None, **changes: Any) -> Snapshot:
    marks = tags("lager", run_id(at), source, holds)
    made = Snapshot(f"{source}{at:%m%d%H%M}", stamp(at), "web1", marks, (f"/{source}",), 100, 10)
    return replace(made, **changes)


def whole(at: datetime) -> list[Snapshot]:
    return [snapshot(at, "mongodb"), snapshot(at, "files"), snapshot(at, "manifest", 2)]


def days(*ago: float) -> Catalogue:
    found = [item for day in ago for item in whole(NOW - timedelta(days=day))]
    return catalogue(found, "lager", NOW)


@pytest.fixture
def saving(deployed: Driver) -> Driver:
    deployed.world.place(backup=POLICY)
    deployed.must("backup", "updated")
    return deployed


def test_without_its_manifest_or_one_of_its_parts_a_backup_does_not_count() -> None:
    at = NOW - timedelta(hours=1)
    assert catalogue(whole(at), "lager", NOW).newest is not None
    for missing in range(3):
        parts = [item for number, item in enumerate(whole(at)) if number != missing]
        found = catalogue(parts, "lager", NOW)
        assert found.newest is None
        assert len(found.backups) == 1


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        ({"time": stamp(NOW + timedelta(days=400))}, "liegt in der Zukunft"),
        ({"time": stamp(NOW - timedelta(days=400))}, "passt nicht zum Lauf"),
        ({"tags": ("holz",)}, "nicht von Upkeep gemacht"),
        ({"tags": tags("lager", "20990101-000000-backup-abcd", "files")}, "liegt in der Zukunft"),
        ({"tags": tags("lager", "20261399-000000-backup-abcd", "files")}, "nicht von Upkeep gemacht"),
    ],
)
def test_a_forged_snapshot_is_told_and_counts_for_nothing(forged: dict[str, Any], said: str) -> None:
    at = NOW - timedelta(hours=1)
    found = catalogue([*whole(at), snapshot(at, "files", **forged)], "lager", NOW)
    assert [said in text for text in found.strange] == [True]
    assert [backup.run for backup in found.complete] == [run_id(at)]


def test_another_stack_of_the_host_is_nobody_s_business() -> None:
    at = NOW - timedelta(hours=1)
    other = snapshot(at, "files", tags=tags("portal", run_id(at), "files"))
    assert catalogue([other], "lager", NOW) == Catalogue((), ())


def test_the_newest_of_each_period_is_kept() -> None:
    known = days(0.1, 0.3, 1, 2, 3, 4, 8, 15, 30, 45, 60, 400)
    ago = sorted({(NOW - backup.at).total_seconds() / 86400 for backup in kept(known.complete, KEEP)})
    # 3 days: 0.1, 1, 2; 2 weeks: 0.1, 8 (week before begins at 5.5); 2 months: 0.1, 30; a year: 0.1
    assert [round(day, 1) for day in ago] == [0.1, 1.0, 2.0, 8.0, 30.0]


def test_nothing_goes_while_nothing_is_proven_except_what_was_never_whole() -> None:
    torn = snapshot(NOW - timedelta(days=2, hours=1), "mongodb")
    known = catalogue(
        [torn, *(item for day in range(1, 90) for item in whole(NOW - timedelta(days=day)))], "lager", NOW
    )
    going = superfluous(known, KEEP, memory.Memory(), "")
    assert [backup.run for backup in going] == [run_id(NOW - timedelta(days=2, hours=1))]


def test_the_proven_backup_and_all_after_it_stay() -> None:
    known = days(*range(1, 90))
    proven = run_id(NOW - timedelta(days=50))
    going = {backup.run for backup in superfluous(known, KEEP, memory.Memory(proven=proven), "")}
    assert proven not in going
    assert all(run < proven for run in going)
    assert run_id(NOW - timedelta(days=51)) in going


def test_the_backup_that_is_being_made_is_no_left_over() -> None:
    known = catalogue([snapshot(NOW, "mongodb")], "lager", NOW)
    assert superfluous(known, KEEP, memory.Memory(), run_id(NOW)) == ()
    assert len(superfluous(known, KEEP, memory.Memory(), "")) == 1


def test_every_part_is_read_within_seven_days_by_a_daily_check() -> None:
    known, read = memory.Memory(), {}
    for day in range(60):
        now = NOW + timedelta(days=day, minutes=(day * 37) % 50)
        parts = known.due(now)
        known = known.with_checked(parts, now, Catalogue((), ()))
        read |= dict.fromkeys(parts, now)
        assert all(now - at <= timedelta(days=7) for at in read.values())
    assert set(read) == set(range(1, 8))


def test_proven_is_what_was_there_before_every_part_was_last_read() -> None:
    known = days(3, 2, 1)
    fresh = memory.Memory().with_checked((1, 2, 3), NOW - timedelta(days=1.5), known)
    assert fresh.proven is None
    fresh = fresh.with_checked((4, 5, 6, 7), NOW, known)
    assert fresh.proven == run_id(NOW - timedelta(days=2))
    assert fresh.with_problem("kaputt").proven is None


def test_a_deep_verification_proves_the_backup_and_then_reads_only_what_is_due(saving: Driver) -> None:
    saving.must("verify", "unchanged", deep=True)
    assert saving.world.restic.checked == ["100%"]
    assert [item["proven"] for item in backups(saving)] == [True]
    saving.must("verify", "unchanged", deep=True)
    assert saving.world.restic.checked == ["100%", "1/7"]


def test_damage_fails_alarms_and_nothing_is_proven_any_more(saving: Driver) -> None:
    saving.must("verify", "unchanged", all=True)
    saving.world.restic.damage = {"5"}
    record = saving.must("verify", "failed", all=True, tidy=True)
    assert not record.intended("tidy")
    assert memory.recall(saving.world.paths).proven is None
    assert [item["proven"] for item in backups(saving)] == [False]


def test_tidying_follows_the_policy_after_the_check(saving: Driver) -> None:
    for _ in range(6):
        saving.world.clock.sleep(86400)
        saving.must("backup", "updated")
    saving.must("verify", "unchanged", all=True)
    record = saving.must("verify", "updated", tidy=True)
    assert [phase.name for phase in record.phases] == ["repository", "check", "compare", "tidy", "judge"]
    assert len(backups(saving)) == 3
    saving.must("verify", "unchanged", tidy=True)


def test_an_overdue_backup_and_a_forged_time_alarm(saving: Driver) -> None:
    saving.must("verify", "unchanged")
    forged = snapshot(saving.world.clock.now() + timedelta(days=4000), "files")
    saving.world.restic.stored[forged.id] = forged
    assert "liegt in der Zukunft" in saving.must("verify", "failed").message
    del saving.world.restic.stored[forged.id]
    saving.world.clock.sleep(30 * 3600)
    assert "30 Stunden her" in saving.must("verify", "failed").message
    assert "30 Stunden her" in status.status(saving.world.paths, saving.world.ports(), None)["drift"][0]


def test_a_backup_whose_content_was_exchanged_is_noticed(saving: Driver) -> None:
    restic = saving.world.restic
    number = next(number for number, item in restic.stored.items() if "source=files" in item.tags)
    other = replace(restic.stored.pop(number), id="f" * 64)  # a snapshot's id is the hash of what it is
    restic.stored[other.id] = other
    assert "anderer Inhalt: files" in saving.must("verify", "failed").message
