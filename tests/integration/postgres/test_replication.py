"""Streaming replication of real servers: judged, failed over, joined again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.engine import docker
from tests.integration.postgres.pair import Pair, pair
from tests.integration.postgres.server import call
from upkeep.errors import NotReady, Refused

ROWS = "SELECT count(*) FROM label"


def filled(major: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pair(major, folder) as made:
        made.primary.sql("CREATE DATABASE etikett")
        made.primary.sql("CREATE TABLE label AS SELECT generate_series(1, 1000)", "etikett")
        yield made


@pytest.fixture(params=[pytest.param(15, marks=pytest.mark.faults), 17])
def two(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """The oldest and the newest server that Debian has."""
    yield from filled(request.param, tmp_path, monkeypatch)


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    yield from filled(17, tmp_path, monkeypatch)


def test_judged_failed_over_and_joined_again(two: Pair) -> None:
    old, new = two.primary, two.standby
    first, second = f"{two.address(old)}:5432", f"{two.address(new)}:5432"
    good = two.do("checked")
    assert (good["primary"], good["standbys"]) == (first, [second])
    assert not two.do("prepared", slot="upkeep_db2")["changed"]
    assert not two.do("promoted")["changed"]
    with pytest.raises(Refused, match="nimmt noch Änderungen an"):
        two.do("promoted", lost=[first])
    call(*docker("kill", old.container))
    with pytest.raises(Refused, match="niemand hat gesagt"):
        two.do("promoted")
    assert "würde Primärserver" in two.do("promoted", lost=[first], only_plan=True)["message"]
    assert f"{second} ist jetzt Primärserver (Zeitlinie 2" in two.do("promoted", lost=[first])["message"]
    assert not two.do("promoted", lost=[first])["changed"]
    new.sql("INSERT INTO label VALUES (0)", "etikett")
    joined = two.follow(new, "upkeep_db1")
    assert two.do("checked", new, joined)["standbys"] == [f"{two.address(joined)}:5432"]
    assert joined.sql(ROWS, "etikett") == "1001"


def test_an_old_primary_that_comes_back_is_told_and_not_believed(newer: Pair) -> None:
    old, new = newer.primary, newer.standby
    call(*docker("pause", old.container))
    newer.do("promoted", lost=[newer.address(old)])
    call(*docker("unpause", old.container))
    found = newer.do("seen")
    assert found["primary"] == f"{newer.address(new)}:5432"
    assert "nimmt auch Änderungen an (Zeitlinie 1" in found["message"]
    with pytest.raises(NotReady, match=r"postgres_rejoin\.yml"):
        newer.do("checked", wait=0)


def test_a_standby_that_is_behind_or_cut_off_is_told(newer: Pair) -> None:
    newer.standby.sql("SELECT pg_wal_replay_pause()")
    newer.primary.sql("INSERT INTO label SELECT generate_series(1, 100000)", "etikett")
    with pytest.raises(NotReady, match=r"MB zurück \(Grenze 1 MB\)"):
        newer.do("checked", wait=0, megabytes=1)
    newer.standby.sql("SELECT pg_wal_replay_resume()")
    newer.do("checked", megabytes=1)
    newer.primary.sql(
        "ALTER ROLE upkeep_replication NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_replication"
    )
    with pytest.raises(NotReady, match="empfängt nichts von"):
        newer.do("checked", wait=0)
    assert newer.do("prepared", slot="upkeep_db2")["message"].endswith(
        "Konto „upkeep_replication“ für die Replikation."
    )
    newer.do("checked")
