"""Another password for the repository: what opens it at every moment, and a SIGKILL at each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import Killed, World
from upkeep.backup import foresight
from upkeep.errors import RepositoryFailed
from upkeep.policy.backup import Target

BEFORE, AFTER = "das-alte-passwort\n", "das-neue-passwort\n"


@dataclass
class Keyring:
    """Key → password of a world's repository."""

    world: World
    keys: dict[str, str] = field(default_factory=lambda: {"a1": BEFORE})
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def __call__(self, target: Target, cache: Path) -> Opened:
        return Opened(self, target.password_file)


@dataclass
class Opened:
    ring: Keyring
    password_file: Path

    def __getattr__(self, name: str) -> Any:
        if self.ring.world.restic.repository:
            self.key()
        return getattr(self.ring.world.restic, name)

    def key(self) -> str:
        found = [key for key, password in self.ring.keys.items() if password == self.password_file.read_text()]
        if not found:
            raise RepositoryFailed("repository_password", "Das Passwort passt nicht zum Sicherungsziel")
        return found[0]

    def add_key(self, password_file: Path) -> None:
        self.key()
        with self.ring.world.change("add key"):
            self.ring.keys[f"b{next(self.ring.numbers)}"] = password_file.read_text()

    def remove_key(self, key: str) -> None:
        assert key != self.key()
        with self.ring.world.change("remove key"):
            del self.ring.keys[key]


@dataclass
class Safe:
    driver: Driver
    ring: Keyring

    @property
    def password(self) -> Path:
        return self.driver.world.paths.secrets / "backup-password"

    def place(self, text: str) -> None:
        """As the playbook does."""
        self.password.with_name("backup-password-next").write_text(text)

    def beside(self) -> list[str]:
        return sorted(file.name for file in self.password.parent.glob("backup-password-*"))


@pytest.fixture
def empty(deployed: Driver, monkeypatch: pytest.MonkeyPatch) -> Safe:
    """With a place for backups, and none yet."""
    world, ring = deployed.world, Keyring(deployed.world)
    ports = world.ports
    monkeypatch.setattr(world, "ports", lambda: replace(ports(), restic=ring))
    found = Safe(deployed, ring)
    found.password.write_text(BEFORE)
    place(found)
    return found


@pytest.fixture
def safe(empty: Safe) -> Safe:
    """With a backup."""
    empty.driver.must("backup", "updated")
    return empty


def place(safe: Safe, **more: Any) -> None:
    target = {"address_file": "/x/backup-address", "password_file": str(safe.password), "host": "web1"} | more
    safe.driver.world.place(backup={"target": target})


def test_the_new_password_takes_the_old_ones_place_and_the_sheet_has_to_be_printed_anew(safe: Safe) -> None:
    safe.place(AFTER)
    record = safe.driver.must("rekey", "updated")
    assert list(safe.ring.keys.values()) == [AFTER]
    assert (safe.password.read_text(), safe.beside()) == (AFTER, [])
    assert safe.password.stat().st_mode & 0o777 == 0o400
    assert "recovery-sheet lager" in record.message
    assert "passwort\n" not in safe.driver.protocol()
    safe.driver.must("rekey", "unchanged")
    safe.driver.must("backup", "updated")


def test_a_look_before_says_what_would_be_done_and_does_nothing(safe: Safe) -> None:
    paths, ports = safe.driver.world.paths, safe.driver.world.ports()
    assert not foresight.of_rekey(paths, ports, {})["changed"]
    safe.place(AFTER)
    assert foresight.of_rekey(paths, ports, {})["steps"] == ["Neues Passwort übernehmen"]
    assert list(safe.ring.keys.values()) == [BEFORE]


def test_the_same_password_again_is_no_change(safe: Safe) -> None:
    safe.place(BEFORE)
    safe.driver.must("rekey", "unchanged")
    assert (safe.ring.keys, safe.beside()) == ({"a1": BEFORE}, [])


def test_a_server_that_only_takes_keeps_the_old_key_and_every_run_says_so(safe: Safe) -> None:
    place(safe, append_only=True)
    safe.place(AFTER)
    assert "Der Schlüssel a1 zum alten Passwort gilt noch" in safe.driver.must("rekey", "updated").message
    assert "Der Schlüssel a1 zum alten Passwort gilt noch" in safe.driver.must("rekey", "unchanged").message
    del safe.ring.keys["a1"]
    assert "gilt noch" not in safe.driver.must("rekey", "unchanged").message
    assert safe.beside() == []


def test_a_password_that_another_stack_backs_up_with_stays_until_that_has_the_new_one(safe: Safe) -> None:
    other = safe.driver.world.paths.home.parent / "rechnungen" / "secrets" / "backup-password"
    other.parent.mkdir(parents=True)
    other.write_text(BEFORE)
    safe.place(AFTER)
    assert "rechnungen sichert damit" in safe.driver.must("rekey", "updated").message
    assert sorted(safe.ring.keys.values()) == [BEFORE, AFTER]
    other.write_text(AFTER)
    safe.driver.must("rekey", "unchanged")
    assert list(safe.ring.keys.values()) == [AFTER]


def test_before_the_first_backup_the_new_password_is_the_one_that_the_repository_will_be_made_with(empty: Safe) -> None:
    empty.place(AFTER)
    looked = foresight.of_rekey(empty.driver.world.paths, empty.driver.world.ports(), {})
    assert not looked["changed"]
    record = empty.driver.must("rekey", "updated")
    assert "noch kein Repository" in looked["message"]
    assert "noch kein Repository" in record.message
    assert (empty.password.read_text(), empty.beside()) == (AFTER, [])
    assert empty.driver.world.restic.repository is None
    assert "noch kein Repository" in empty.driver.must("rekey", "unchanged").message


def test_a_repository_that_was_there_and_is_not_any_more_is_no_first_time(safe: Safe) -> None:
    safe.place(AFTER)
    safe.driver.world.restic.repository = None
    assert safe.driver.must("rekey", "failed").code == "repository_missing"
    assert safe.password.read_text() == BEFORE


def test_what_is_in_use_stays_when_the_repository_does_not_answer(safe: Safe) -> None:
    safe.place(AFTER)
    safe.driver.world.restic.outage = "repository_unreachable"
    assert safe.driver.must("rekey", "failed").code == "repository_unreachable"
    assert safe.password.read_text() == BEFORE
    safe.driver.world.restic.outage = None
    safe.driver.must("rekey", "updated")


def test_a_kill_at_any_moment_leaves_a_password_that_opens_and_the_next_life_finishes(safe: Safe) -> None:
    passwords = [BEFORE, AFTER]
    for point in range(1, 200):
        safe.place(passwords[1])
        safe.driver.world.fuse.arm(point)
        try:
            safe.driver.do("rekey")
            break
        except Killed:
            safe.driver.world.fuse.arm(None)
        assert safe.password.read_text() in safe.ring.keys.values()
        safe.driver.resume()
        assert list(safe.ring.keys.values()) == [safe.password.read_text()]
        assert safe.driver.do("rekey").result in ("updated", "unchanged")
        assert (safe.password.read_text(), safe.beside()) == (passwords[1], [])
        passwords.reverse()
    assert point > 15
