"""The dozen lines in docs/update-knopf.md, and the portal's, make tickets that the agent takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from upkeep.tickets import ticket
from upkeep.tickets.actions import Action

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "update-knopf.md").read_text(encoding="utf-8")
NODE = Path(sys.executable).parent / "node"
KEY = "k" * 64


def recipe(language: str, begins: str) -> str:
    """The guide's block in this language that begins so."""
    return next(
        block for block in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if block.startswith(begins)
    )


def made(argv: list[str], source: str, folder: Path) -> str:
    """What the recipe gives to Anna, with a key of the test's own."""
    file = folder / "ticket-key"
    file.write_text(f"{KEY}\n{'o' * 64}\n")
    assert "/run/secrets/ticket-key" in source
    done = subprocess.run(
        [*argv, source.replace("/run/secrets/ticket-key", str(file))],
        env=os.environ | {"UPKEEP_STACK": "portal"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def assert_taken(text: str) -> None:
    good = ticket.read(text, (KEY,), "portal", Action.START_UPDATE, time.time())
    assert good.starter == "door:anna@betrieb.de"


def test_the_guides_python(tmp_path: Path) -> None:
    source = recipe("python", "import base64") + '\nprint(ticket("start-update", "anna@betrieb.de"))\n'
    assert_taken(made([sys.executable, "-c"], source, tmp_path))


@pytest.mark.skipif(not NODE.exists(), reason="Node kommt mit `make setup`")
@pytest.mark.parametrize("place", ["guide", "portal"])
def test_the_guides_node_and_the_portals(place: str, tmp_path: Path) -> None:
    portal = (ROOT / "tests" / "rechnungsportal" / "ticket.js").read_text(encoding="utf-8")
    source = portal if place == "portal" else recipe("js", "import { createHmac")
    call = "\nconsole.log(ticket('start-update', 'anna@betrieb.de'));\n"
    assert_taken(made([str(NODE), "--input-type=module", "--eval"], source + call, tmp_path))
