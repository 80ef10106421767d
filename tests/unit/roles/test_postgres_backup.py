"""What role postgres_backup copies to a host is enough for the nightly command there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "postgres_backup"


def test_the_copied_files_are_enough_without_any_installed_package(tmp_path: Path) -> None:
    constants = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    names = [
        *constants["__postgres_backup__sources"],
        *(f"ports/{name}" for name in constants["__postgres_backup__ports"]),
    ]
    names += [f"postgres/{path.name}" for path in (ROOT / "upkeep" / "postgres").glob("*.py")]
    for name in names:
        place = tmp_path / "upkeep" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "upkeep" / name, place)
    argv = [sys.executable, "-S", "-m", "upkeep.postgres", "backup", "fehlt.json"]
    ended = subprocess.run(argv, cwd=tmp_path, env={}, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.splitlines()[0][:27]) == (1, "fehlt.json lässt sich nicht")
