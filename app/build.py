"""Builds the image of the Lager app: `python app/build.py --version 1.0.0 --tag lager:1.0.0`.

Prepares build/app-context/ on the controller (compiled frontend, wheels), so that `docker build` needs no network.
Each part is cached by the content it is made from; another version of the same sources takes seconds.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

APP = Path(__file__).resolve().parent
ROOT = APP.parent
CACHE = ROOT / "build" / "app-cache"
CONTEXT = ROOT / "build" / "app-context"
FRONTEND = APP / "frontend"
REQUIREMENTS = APP / "requirements.txt"
BASE_IMAGE = "python:3.13-slim-trixie"
NOTES_LABEL = "upkeep.release-notes"
PYTHON = "3.13"
GLIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
LAUNCHER = '#!/bin/sh\nexec python3 -m lager "$@"\n'


class BuildFailed(Exception):
    """The message is German and says what to do next."""


def main() -> int:
    arguments = _parser().parse_args()
    started = time.monotonic()
    try:
        with _alone():
            if arguments.frontend_only:
                print(frontend())
                return 0
            prepare_context(arguments.machine or _docker_machine())
            if not arguments.context_only:
                _build_image(arguments)
    except BuildFailed as exc:
        print(exc, file=sys.stderr)
        return 1
    what = CONTEXT if arguments.context_only else ", ".join(arguments.tag)
    _say(f"{what} fertig nach {time.monotonic() - started:.1f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Baut das Image der Lager-App.")
    parser.add_argument("--version", default="0.0.0-dev", help="Version, die Image und App tragen")
    parser.add_argument("--tag", action="append", help="Name des Images; mehrfach möglich (Vorgabe: lager:VERSION)")
    parser.add_argument("--notes", default="", help="was neu ist; Administratoren sehen es unter System-Update")
    parser.add_argument("--base-image", default=BASE_IMAGE, help=f"Vorgabe: {BASE_IMAGE}")
    parser.add_argument("--machine", choices=sorted(set(MACHINES.values())), help="Vorgabe: die des Docker-Daemons")
    parser.add_argument("--frontend-only", action="store_true", help="nur die Oberfläche bauen und ihren Ordner nennen")
    parser.add_argument("--context-only", action="store_true", help=f"nur {CONTEXT.relative_to(ROOT)} vorbereiten")
    return parser


def prepare_context(machine: str) -> None:
    """Fill build/app-context/ from the caches and the sources."""
    pages, wheels = frontend(), _wheels(machine)
    shutil.rmtree(CONTEXT, ignore_errors=True)
    CONTEXT.mkdir(parents=True)
    shutil.copytree(pages, CONTEXT / "frontend")
    shutil.copytree(wheels, CONTEXT / "wheels")
    shutil.copytree(APP / "lager", CONTEXT / "lager", ignore=shutil.ignore_patterns("__pycache__"))
    (CONTEXT / "command").write_text(LAUNCHER, encoding="utf-8")
    shutil.copy2(APP / "Dockerfile", CONTEXT / "Dockerfile")
    for path in CONTEXT.rglob("*"):  # the app's user reads everything, whatever umask the sources were cloned with
        path.chmod(0o755 if path.is_dir() else 0o644)


def frontend() -> Path:
    """The folder of the compiled pages; its name changes with their sources."""
    sources = sorted(path for path in FRONTEND.rglob("*") if path.is_file() and _is_source(path))
    built = CACHE / f"frontend-{_fingerprint(sources)}"
    if not built.is_dir():
        _install_node_modules()
        _say("Oberfläche: baue")
        _run([_tool("npm"), "run", "--silent", "build"], "Die Oberfläche ließ sich nicht bauen.", cwd=FRONTEND)
        _keep(FRONTEND / "dist", built)
    return built


def _is_source(path: Path) -> bool:
    return not {"node_modules", "dist", ".svelte-kit"} & set(path.relative_to(FRONTEND).parts)


def _install_node_modules() -> None:
    stamp = FRONTEND / "node_modules" / ".lager-lock"
    wanted = _fingerprint([FRONTEND / "package-lock.json"])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    _say("Oberfläche: hole Pakete")
    command = [_tool("npm"), "ci", "--no-fund", "--no-audit", "--prefer-offline", "--loglevel=error"]
    _run(command, "npm konnte die Pakete der Oberfläche nicht holen. Ist die Registry erreichbar?", cwd=FRONTEND)
    stamp.write_text(wanted, encoding="utf-8")


def _wheels(machine: str) -> Path:
    wheels = CACHE / f"wheels-{machine}-{_fingerprint([REQUIREMENTS])}"
    if not wheels.is_dir():
        _say(f"Python-Pakete für {machine}: hole")
        partial = CACHE / "wheels-partial"
        shutil.rmtree(partial, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        platforms = [f"--platform={glibc}_{machine}" for glibc in GLIBC]
        target = [f"--python-version={PYTHON}", "--implementation=cp", *platforms, f"--dest={partial}"]
        failed = "pip konnte die Pakete der App nicht holen. Ist die Registry erreichbar?"
        _run([*pip, *target, "--require-hashes", f"--requirement={REQUIREMENTS}"], failed)
        _run([*pip, f"--dest={partial}", f"pip=={metadata.version('pip')}"], failed)
        _keep(partial, wheels)
    return wheels


def _build_image(wanted: argparse.Namespace) -> None:
    names = wanted.tag or [f"lager:{wanted.version}"]
    _say(f"Image {', '.join(names)}: baue")
    arguments = [f"--build-arg=BASE_IMAGE={wanted.base_image}", f"--build-arg=VERSION={wanted.version}"]
    labels = [f"--label={NOTES_LABEL}={wanted.notes}"] if wanted.notes else []
    command = ["docker", "build", "--quiet", *arguments, *labels, *(f"--tag={name}" for name in names), str(CONTEXT)]
    _run(command, f"docker build ist gescheitert. Gibt es das Basis-Image {wanted.base_image} hier?")


def _docker_machine() -> str:
    command = ["docker", "version", "--format", "{{.Server.Arch}}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    machine = MACHINES.get(found.stdout.strip())
    if machine is None:
        raise BuildFailed("Docker antwortet nicht. Bitte den Docker-Daemon starten oder --machine angeben.")
    return machine


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _keep(made: Path, kept: Path) -> None:
    """Move into the cache in one step, so that an interrupted build leaves no half of it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f"{kept.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(made, partial)
    partial.rename(kept)


def _tool(name: str) -> str:
    """The project's own npm from the venv, else the machine's."""
    own = Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise BuildFailed(f"{name} fehlt. Bitte zuerst „make setup“ aufrufen.")
    return found


def _run(command: list[str], failed: str, cwd: Path = ROOT) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise BuildFailed(f"{last}\n{failed}")


@contextmanager
def _alone() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"Lager-App: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
