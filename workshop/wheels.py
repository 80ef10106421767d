"""Builds the wheelhouse that role upkeep_agent carries to the hosts: upkeep's own wheel and its pinned dependencies.

Hosts need no internet for it. One directory serves every supported Python; pip picks what fits.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from workshop.progress import say, step

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "build" / "wheels"
PYTHONS = ("3.11", "3.13")
REQUIREMENTS = ROOT / "requirements" / "agent.txt"


def recipe_hash() -> str:
    """sha256 over everything a wheel is made from."""
    digest = hashlib.sha256()
    sources = sorted(p for p in (ROOT / "upkeep").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    for path in [REQUIREMENTS, ROOT / "pyproject.toml", Path(__file__), *sources]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def download(python: str) -> None:
    argv = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--require-hashes"]
    argv += ["--only-binary", ":all:", "--python-version", python, "--dest", str(WHEELS), "-r", str(REQUIREMENTS)]
    subprocess.run(argv, check=True)


def build_own() -> None:
    argv = [sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*argv, "--no-build-isolation", "--wheel-dir", str(WHEELS), str(ROOT)], check=True)


def pack(wanted: str) -> None:
    """One archive for the hosts; its only folder is named by the content."""
    with tarfile.open(f"{WHEELS}.tar", "w") as archive:
        archive.add(WHEELS, arcname=f"wheels-{wanted[:8]}")


def main() -> None:
    stamp = ROOT / "build" / "wheels.hash"
    wanted = recipe_hash()
    if stamp.exists() and stamp.read_text() == wanted:
        say("Python-Pakete für den Agenten: aktuell")
        return
    with step("Python-Pakete für den Agenten"):
        shutil.rmtree(WHEELS, ignore_errors=True)
        WHEELS.mkdir(parents=True)
        for python in PYTHONS:
            download(python)
        build_own()
        shutil.copy(REQUIREMENTS, WHEELS / "requirements.txt")
        pack(wanted)
        stamp.write_text(wanted)


if __name__ == "__main__":
    main()
