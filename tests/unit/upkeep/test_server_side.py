"""What a server that only takes removes by itself, and when it keeps everything and calls for somebody."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.upkeep.test_backup_proof import NOW, whole
from upkeep.backup.server_side import Client, clients, tidy
from upkeep.errors import RepositoryFailed
from upkeep.policy.backup import Keep
from upkeep.ports.clock import moment
from upkeep.ports.restic import Restic, Snapshot

KEEP = Keep(hourly=0, daily=3, weekly=0, monthly=0, yearly=0)


class Store:
    """A repository's snapshots and what is done with them."""

    def __init__(self, folder: Path, snapshots: Iterable[Snapshot]) -> None:
        self.folder, self.stored = folder, {item.id: item for item in snapshots}
        self.checked: list[str] = []
        self.damaged = False
        (folder / "snapshots").mkdir(parents=True)
        for item in self.stored.values():
            self.came(item, moment(item.time))

    def came(self, snapshot: Snapshot, at: datetime) -> None:
        place = self.folder / "snapshots" / snapshot.id
        place.touch()
        os.utime(place, (at.timestamp(), at.timestamp()))

    def identity(self) -> str:
        return "a" * 64

    def unlock(self) -> None: ...

    def snapshots(self) -> tuple[Snapshot, ...]:
        return tuple(self.stored.values())

    def check(self, part: str, timeout: float) -> None:
        self.checked.append(part)
        if self.damaged:
            raise RepositoryFailed("repository", "restic check ist gescheitert")

    def forget(self, snapshots: Iterable[str]) -> None:
        for number in list(snapshots):
            del self.stored[number]

    def prune(self, timeout: float) -> None: ...

    def left(self) -> set[str]:
        return {tag for item in self.stored.values() for tag in item.tags if tag.startswith("run=")}


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client("web1", "web1", tmp_path / "web1", tmp_path / "password", tmp_path / "state", KEEP, young=2)


@pytest.fixture
def store(client: Client) -> Store:
    """One backup a day for ten days."""
    return Store(client.place, [item for day in range(10) for item in whole(NOW - timedelta(days=day, hours=1))])


def run(client: Client, store: Store, now: datetime = NOW) -> str:
    return tidy(client, cast("Restic", store), now)


def test_old_backups_go_as_the_policy_says_after_every_byte_was_read(client: Client, store: Store) -> None:
    assert "7 von 7 Teilen gelesen, 7 Sicherungen entfernt" in run(client, store)
    assert store.checked == ["100%"]
    assert len(store.left()) == 3
    assert "1 von 7 Teilen gelesen, 0 Sicherungen entfernt" in run(client, store)


def test_nothing_young_goes_whatever_was_added(client: Client, store: Store) -> None:
    assert "5 Sicherungen entfernt" in run(replace(client, young=5), store)


def test_a_backup_that_is_just_coming_in_stays(client: Client, store: Store) -> None:
    part = whole(NOW - timedelta(minutes=10))[0]
    store.stored[part.id] = part
    store.came(part, NOW)
    run(client, store)
    assert part.id in store.stored


@pytest.mark.parametrize("days", [300, -3])
def test_a_time_that_the_servers_disk_does_not_confirm_stops_everything(
    client: Client, store: Store, days: int
) -> None:
    """By snapshots from the past a host could push the good ones out."""
    forged = replace(whole(NOW - timedelta(days=days))[2], id="gefaelscht")
    store.stored[forged.id] = forged
    store.came(forged, NOW)
    with pytest.raises(RepositoryFailed, match="kam aber am"):
        run(client, store)
    assert len(store.stored) == 31


def test_damage_stops_everything_and_takes_the_proof_away(client: Client, store: Store) -> None:
    run(replace(client, young=100), store)
    store.damaged = True
    with pytest.raises(RepositoryFailed):
        run(client, store)
    assert len(store.stored) == 30
    store.damaged = False
    assert "7 von 7 Teilen" in run(replace(client, young=100), store)


@pytest.mark.parametrize("tags", [("stack=lager", "holz"), ("holz",)])
def test_a_snapshot_that_is_nobodys_stops_everything(client: Client, store: Store, tags: tuple[str, ...]) -> None:
    alien = replace(whole(NOW)[0], id="fremd", tags=tags)
    store.stored[alien.id] = alien
    store.came(alien, NOW)
    with pytest.raises(RepositoryFailed, match="nicht von Upkeep gemacht"):
        run(client, store)


def test_settings_are_read_as_the_role_writes_them(tmp_path: Path) -> None:
    keep: dict[str, Any] = {"hourly": 1, "daily": 2, "weekly": 3, "monthly": 4, "yearly": 5}
    (tmp_path / "tidying.json").write_text(
        '{"path": "/srv/sicherung", "state": "/var/lib/x", "clients": [{"name": "web1", "host": "alt", "young": 9, '
        '"keep": {"hourly": 1, "daily": 2, "weekly": 3, "monthly": 4, "yearly": 5}}]}'
    )
    (found,) = clients(tmp_path / "tidying.json", Path("/etc/passwords"))
    assert found == Client(
        "web1",
        "alt",
        Path("/srv/sicherung/web1"),
        Path("/etc/passwords/web1"),
        Path("/var/lib/x/web1"),
        Keep(**keep),
        9,
    )
