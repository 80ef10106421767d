from __future__ import annotations

from datetime import datetime

import pytest

from upkeep.moment import NotAMoment, parse_until
from upkeep.wording import spoken

NOW = datetime.fromisoformat("2026-11-21T17:00:00+01:00")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("18:30", "2026-11-21T18:30:00+01:00"),
        (" 7:05 ", "2026-11-22T07:05:00+01:00"),
        ("21.11.2026 18:30", "2026-11-21T18:30:00+01:00"),
        ("21.07.2027, 18:30", "2027-07-21T18:30:00+02:00"),
        ("2026-11-21T18:30", "2026-11-21T18:30:00+01:00"),
        ("2026-11-21T18:30:00+00:00", "2026-11-21T19:30:00+01:00"),
    ],
)
def test_moments_as_people_write_them(text: str, iso: str) -> None:
    assert parse_until(text, NOW) == iso


def test_a_clock_time_across_the_change_to_summer_time_is_the_wall_clocks() -> None:
    evening = datetime.fromisoformat("2027-03-27T20:00:00+01:00")
    assert parse_until("18:30", evening) == "2027-03-28T18:30:00+02:00"


@pytest.mark.parametrize("text", ["", "bald", "25:00", "18.30", "32.01.2027 10:00"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(NotAMoment, match=r"ist kein Zeitpunkt\. Erlaubt: „18:30“"):
        parse_until(text, NOW)


def test_the_past_is_refused() -> None:
    with pytest.raises(NotAMoment, match=r"schon vorbei \(jetzt: 21\.11\.2026 17:00\)"):
        parse_until("21.11.2026 16:00", NOW)


def test_spoken_is_short_today_and_full_otherwise() -> None:
    assert spoken("2026-11-21T08:31:00+00:00", NOW) == "09:31"
    assert spoken("2026-11-20T09:31:00+01:00", NOW) == "20.11.2026, 09:31"
    assert spoken(None, NOW) == "–"
    assert spoken("gestern", NOW) == "gestern"
