"""How fast a database grows, from what its backups tell."""

from __future__ import annotations

from dataclasses import replace

from upkeep.postgres.catalogue import Backup
from upkeep.postgres.growth import GIGABYTE, forecast

FIRST = Backup(
    "etikett", "20260101T020000Z", "regular", "17.5", 17, "db1:5432", "app", "UTF8", "C", "C", 1, "", 1.0, True
)


def after(stamp: str, gigabytes: float) -> Backup:
    return replace(FIRST, taken_at=stamp, live_size=int(gigabytes * GIGABYTE))


def test_a_year_is_reckoned_from_the_oldest_and_the_newest() -> None:
    told = forecast([after("20260131T020000Z", 51), after("20260101T020000Z", 50), after("20260115T020000Z", 80)])
    assert told == "Die Datenbank hat 51.0 GB und wächst um 12.2 GB im Jahr (gerechnet aus 30 Tagen)."


def test_standing_still_or_shrinking_is_no_growth() -> None:
    told = forecast([after("20260101T020000Z", 50), after("20260131T020000Z", 49)])
    assert told == "Die Datenbank hat 49.0 GB und wächst kaum."


def test_a_few_days_and_records_without_a_size_tell_nothing() -> None:
    assert forecast([after("20260101T020000Z", 50), after("20260107T020000Z", 51)]) is None
    assert forecast([FIRST, after("20260131T020000Z", 51)]) is None
    assert forecast([]) is None
