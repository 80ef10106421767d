"""How a process that feeds restic tells its caller how it went, beside the bytes on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from upkeep.errors import UpkeepError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def told(outcome: Path, feed: Callable[[], DataclassInstance]) -> int:
    """Feeds, and writes {"report": …} or {"code", "error"} to `outcome`. The exit code: with 1 restic keeps nothing."""
    try:
        found: dict[str, object] = {"report": asdict(feed())}
    except UpkeepError as exc:
        found = {"code": exc.code, "error": str(exc)}
    outcome.write_text(json.dumps(found), encoding="utf-8")
    return 0 if "report" in found else 1
