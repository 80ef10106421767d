"""A flipped bit in each kind of file; `make faults` tries more than two hundred damages of every kind."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.damage.deeds import FLIP, deeds
from tests.faults.damage.ground import DATA, INDEX, KEY, MANIFEST, Ground
from tests.integration.backup.conftest import Shelf
from upkeep.errors import RepositoryFailed

pytestmark = pytest.mark.docker


def test_a_flipped_bit_in_any_file_is_found_and_nothing_false_is_read_back(tmp_path: Path, program: str) -> None:
    ground = Ground(tmp_path / "ground", program)
    ground.files = {kind: ground.files[kind] for kind in (DATA, MANIFEST, INDEX, KEY)}
    for deed in deeds(ground, {FLIP: 1}):
        held = deed.commit()
        verdict = ground.judge()
        deed.undo(held)
        assert verdict.found, (deed.kind, deed.what, verdict)
        assert verdict.read is not False, (deed.kind, deed.what, verdict)
    assert not ground.judge().found


def test_a_damaged_directory_is_no_smaller_tree(shelf: Shelf) -> None:
    """restic's own dump leaves out what lies below it, and says that all is well."""
    repository = shelf.repository()
    repository.create()
    for name in ("eins", "zwei"):
        (shelf.folder / "volume" / name).mkdir(parents=True)
        (shelf.folder / "volume" / name / "datei").write_text(name * 100)
    place = str(shelf.folder / "volume")
    saved = repository.save_files([shelf.folder / "volume"], ("run=eins",), 60, lambda read: None)
    trees = [pack for pack in (shelf.folder / "repository" / "data").glob("*/*") if _spoils_a_directory(shelf, pack)]
    assert trees
    shutil.rmtree(shelf.folder / "cache")  # as on a new host; directories are what restic keeps there
    with pytest.raises(RepositoryFailed, match="Ordner dieser Sicherung"), repository.stream(saved.id, f"{place}/", 60):
        pass


def _spoils_a_directory(shelf: Shelf, pack: Path) -> bool:
    """Turns a bit in the first directory of the pack, if it has any."""
    argv = (shelf.program, "-r", str(shelf.folder / "repository"), "--no-cache", "--no-lock", "cat", "index")
    environment = {"RESTIC_PASSWORD": "geheim", "PATH": "/usr/bin:/bin"}
    for index in (shelf.folder / "repository" / "index").iterdir():
        told = json.loads(subprocess.run([*argv, index.name], env=environment, check=True, capture_output=True).stdout)
        blobs = [blob for item in told["packs"] if item["id"] == pack.name for blob in item["blobs"]]
        if trees := [blob for blob in blobs if blob["type"] == "tree"]:
            content = bytearray(pack.read_bytes())
            content[trees[0]["offset"] + trees[0]["length"] // 2] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(content)
            return True
    return False
