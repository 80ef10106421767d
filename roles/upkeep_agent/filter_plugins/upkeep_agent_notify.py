"""What is wrong with the settings of who is told, in German, before a host is touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[3]))  # a checkout whose Python does not have upkeep installed

from upkeep.errors import UpkeepError
from upkeep.notify import ways

WHERE = "upkeep_agent__notify"


def problems(text: str) -> list[str]:
    """Of notify.json; without values of secrets, empty when it is good."""
    try:
        ways.parse(json.loads(text), WHERE)
    except UpkeepError as error:
        told = str(error)
        for key in ("mail", "webhook"):
            told = told.replace(f"{WHERE}: {key}", f"{WHERE}_{key}")
        return [told]
    return []


class FilterModule:
    """Loaded by Ansible with the role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"upkeep_agent_notify_problems": problems}
