"""The application goes on when its database's primary is lost: nobody restarts it, nobody changes its settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from testbed.engine import docker
from tests.integration.etikettendruck.application import PASSWORD, Release, Visitor, served, until
from tests.integration.postgres.pair import Pair, pair
from tests.integration.postgres.server import Server, call, wait

LIMIT = 10.0  # seconds, from the loss to the first label that is kept again
SEVERAL = 60.0  # the same on a machine that is busy with something else


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pair(17, tmp_path) as made:
        made.primary.sql("CREATE ROLE app LOGIN PASSWORD 'app'")
        made.primary.sql("CREATE DATABASE etikett OWNER app")
        yield made


@pytest.fixture
def installed(two: Pair, unpacked: Path, tmp_path: Path) -> Release:
    """The application, told of both servers."""
    servers = {"DATABASE_HOSTS": f"{two.address(two.standby)},{two.address(two.primary)}"}
    release = Release(unpacked, tmp_path / "shared", "postgresql://app:app@irgendwo:5432/etikett", servers)
    release.migrate()
    release.run("prisma/seed.mjs", ADMIN_PASSWORD=PASSWORD)
    return release


def keeps(visitor: Visitor, title: str) -> bool:
    try:
        return title in visitor.post("/etiketten?/anlegen", titel=title, text="80").text
    except requests.RequestException:
        return False


def lose_and_go_on(two: Pair, visitor: Visitor, how: str) -> float:
    """Seconds until a label is kept again."""
    began = time.monotonic()
    call(*docker(how, two.primary.container))
    two.do("promoted", lost=[two.address(two.primary)])
    while not keeps(visitor, "danach"):
        assert time.monotonic() - began < SEVERAL
        time.sleep(0.1)
    return time.monotonic() - began


def titles(server: Server) -> str:
    return server.sql("SELECT string_agg(title, ' ' ORDER BY id) FROM etikett WHERE title <> ''", "etikett")


def healthy(address: str) -> bool:
    return requests.get(f"{address}/api/health", timeout=20).status_code == 200


def test_labels_are_kept_again_after_the_primary_died(two: Pair, installed: Release) -> None:
    with served(installed) as address:
        visitor = Visitor(address)
        assert "Warteschlange" in visitor.log_in().text
        assert keeps(visitor, "davor")
        two.do("checked", megabytes=0, seconds=0)
        print(f"Ausfall {lose_and_go_on(two, visitor, 'kill'):.1f} s")
        until(lambda: healthy(address))
        assert titles(two.standby).split()[0] == "davor"
        call(*docker("start", two.primary.container))
        wait(two.primary)
        until(lambda: keeps(visitor, "wieder"))
        assert "wieder" in titles(two.standby)
    with served(installed) as address:  # knows nothing of what was before, and the old primary takes changes, too
        visitor = Visitor(address)
        until(lambda: "Warteschlange" in visitor.log_in().text and keeps(visitor, "neu gestartet"))
        assert "neu gestartet" in titles(two.standby)
    assert "wieder" not in titles(two.primary)
    joined = two.follow(two.standby, "upkeep_db1")
    two.do("checked", two.standbys[0], joined, megabytes=0, seconds=0)
    assert titles(joined) == titles(two.standbys[0])


@pytest.mark.faults
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_within_ten_seconds(two: Pair, installed: Release, how: str) -> None:
    """`pause`: the server does not even refuse; whoever waits for its answer waits."""
    with served(installed) as address:
        visitor = Visitor(address)
        visitor.log_in()
        assert keeps(visitor, "davor")
        assert lose_and_go_on(two, visitor, how) <= LIMIT
