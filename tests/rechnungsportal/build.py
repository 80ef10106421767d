"""Builds versions of the invoice portal: `python tests/rechnungsportal/build.py 1.1.0`.

Prepares a context with node_modules (npm ci from the lock file), so that `docker build` needs no network. A version is
app sources plus what lies in releases/<version>/.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PORTAL = Path(__file__).resolve().parent
WORK = PORTAL.parents[1] / "build" / "rechnungsportal"
SCRIPTS = ("server.js", "admin.js", "ticket.js", "store.js", "pages.js", "money.js", "summary.js")
SOURCES = ("Dockerfile", "package.json", *SCRIPTS, "style.css")
TESTBED_BASE = "upkeep-testbed/node:latest"


def build(version: str, image: str, base_image: str = TESTBED_BASE, sources: str = "") -> None:
    """Build `version` (from the `sources` of another) as the local image `image`. RuntimeError says what failed."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        context = _context(sources or version)
        arguments = [f"--build-arg=BASE_IMAGE={base_image}", f"--build-arg=VERSION={version}", f"--tag={image}"]
        _run(["docker", "build", "--quiet", "--label=upkeep.testbed=rechnungsportal", *arguments, str(context)])


def _context(version: str) -> Path:
    context = WORK / version
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    for name in SOURCES:
        shutil.copy(PORTAL / name, context)
    shutil.copytree(_packages(), context / "node_modules")
    changes = PORTAL / "releases" / version
    if changes.is_dir():
        shutil.copytree(changes, context, dirs_exist_ok=True)
    for path in context.rglob("*"):  # the app's user reads everything, whatever umask the sources were cloned with
        path.chmod(0o755 if path.is_dir() else 0o644)
    return context


def _packages() -> Path:
    """node_modules for the lock file, fetched once."""
    lock_file = (PORTAL / "package-lock.json").read_bytes()
    place = WORK / f"packages-{hashlib.sha256(lock_file).hexdigest()[:12]}"
    if not (place / "node_modules").is_dir():
        partial = place.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(PORTAL / name, partial)
        _run([_npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-bin-links", "--loglevel=error"], partial)
        partial.rename(place)
    return place / "node_modules"


def _npm() -> str:
    own = Path(sys.executable).parent / "npm"
    return str(own) if own.exists() else "npm"


def _run(argv: list[str], place: Path = PORTAL) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path}
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        environment["DOCKER_BUILDKIT"] = "0"
    done = subprocess.run(argv, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv[:3])}: {(done.stdout + done.stderr).strip()[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Baut das Rechnungsportal.")
    parser.add_argument("version")
    parser.add_argument("--image", help="Name des Images (Vorgabe: rechnungsportal:VERSION)")
    parser.add_argument("--base-image", default="node:24-alpine", help="Vorgabe: node:24-alpine")
    arguments = parser.parse_args()
    build(arguments.version, arguments.image or f"rechnungsportal:{arguments.version}", arguments.base_image)


if __name__ == "__main__":
    main()
