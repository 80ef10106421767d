"""Another password for a real repository: on a disk, and on a server that only takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.integration.backup.conftest import Server, Shelf, docker
from tests.integration.backup.test_repository import refused, save
from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import World
from upkeep.ports.restic import ResticProgram

pytestmark = pytest.mark.docker
NEW = "ein-neues-passwort"


def new_password(folder: Path) -> Path:
    file = folder / "new"
    file.write_text(f"{NEW}\n")
    return file


def test_a_new_password_opens_what_was_saved_before_and_the_old_one_nothing_any_more(shelf: Shelf) -> None:
    before = shelf.repository()
    identity = before.create()
    saved, old = save(before, "von früher"), before.key()
    before.add_key(new_password(shelf.folder))
    after = shelf.repository(password=NEW)
    assert (after.identity(), before.identity()) == (identity, identity)
    assert after.key() != old
    after.remove_key(old)
    with refused("repository_password"):
        before.key()
    assert after.text(saved.id, "/daten") == "von früher"
    assert save(after).id
    after.check("100%", 60)


def test_the_key_in_use_is_never_removed(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    with refused("repository"):
        repository.remove_key(repository.key())
    assert repository.identity()


def test_a_server_that_only_takes_lets_a_key_be_added_and_none_be_removed(shelf: Shelf, server: Server) -> None:
    before = shelf.repository(server.address)
    before.create()
    before.add_key(new_password(shelf.folder))
    after = shelf.repository(server.address, NEW)
    old = before.key()
    with refused("repository"):
        after.remove_key(old)
    assert before.key() == old
    by_hand = f"restic -r /data/web1 --password-file /dev/stdin key remove {old[:8]}"
    docker("exec", server.container, "sh", "-ec", f"echo {NEW} | {by_hand}")
    with refused("repository_password"):
        before.key()
    assert after.identity()


def stack_of(shelf: Shelf, repository: ResticProgram, home: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """One that backs up there, with a new password placed beside the one in use."""
    world = World(home)
    ports = world.ports
    monkeypatch.setattr(world, "ports", lambda: replace(ports(), restic=partial(ResticProgram, program=shelf.program)))
    password = world.paths.secrets / "backup-password"
    address = {"address_file": str(repository._target.address_file), "password_file": str(password), "host": "web1"}
    world.place(backup={"target": address})
    password.write_text("das-alte-passwort\n")
    password.with_name("backup-password-next").write_text(f"{NEW}\n")
    return Driver(world)


def test_where_nothing_was_saved_yet_the_new_password_is_only_put_into_use(
    shelf: Shelf, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, address in enumerate(("", server.address)):
        repository = shelf.repository(address)
        driver = stack_of(shelf, repository, tmp_path / f"host{number}", monkeypatch)
        assert "noch kein Repository" in driver.must("rekey", "updated").message
        driver.must("rekey", "unchanged")
        secrets = driver.world.paths.secrets
        assert {file.name: file.read_text() for file in secrets.glob("backup-password*")} == {
            "backup-password": f"{NEW}\n"
        }
        with refused("repository_missing"):
            repository.identity()


def test_a_run_changes_the_password_of_a_real_repository(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = shelf.repository(password="das-alte-passwort")
    repository.create()
    driver = stack_of(shelf, repository, tmp_path / "host", monkeypatch)
    password = driver.world.paths.secrets / "backup-password"
    assert "recovery-sheet" in driver.must("rekey", "updated").message
    with refused("repository_password"):
        repository.identity()
    assert shelf.repository(password=NEW).identity()
    driver.must("rekey", "unchanged")
    assert [file.name for file in password.parent.glob("backup-password*")] == ["backup-password"]
