"""Wheelhouses of other agents: this work tree's with another version, or spoilt the way real ones are."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.faults.plays import ROOT

HOUSE = ROOT / "build" / "wheels"


def wheelhouse(place: Path, version: str, **changes: tuple[str, str]) -> Path:
    """The directory role upkeep_agent takes as `upkeep_agent__wheels`. `changes`: module of upkeep (`agent__api` for
    upkeep/agent/api.py) → (text in it, text instead)."""
    source, house = place / "source", place / "wheels"
    shutil.copytree(ROOT / "upkeep", source / "upkeep", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", source)
    (source / "upkeep" / "__init__.py").write_text(f'"""Upkeep."""\n\n__version__ = "{version}"\n')
    for module, (old, new) in changes.items():
        path = source / "upkeep" / f"{module.replace('__', '/')}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} steht nicht in {path}"
        path.write_text(text.replace(old, new), encoding="utf-8")
    house.mkdir()
    for wheel in HOUSE.glob("*.whl"):
        if not wheel.name.startswith("upkeep-"):
            shutil.copy(wheel, house)
    argv = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run([*argv, "--wheel-dir", str(house), str(source)], check=True)
    digest = hashlib.sha256(f"{version}{changes}".encode()).hexdigest()
    with tarfile.open(f"{house}.tar", "w") as archive:
        archive.add(house, arcname=f"wheels-{digest[:8]}")
    Path(f"{house}.hash").write_text(digest)
    return house
