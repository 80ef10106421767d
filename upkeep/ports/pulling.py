"""The progress of a pull, from the daemon's lines: bytes of all layers, first fetched, then unpacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class _Layer:
    total: int = 0
    fetched: int = 0
    unpacked: int = 0


class PullProgress:
    """Feed it lines; it reports whole percents, never backwards. Fetching counts 80 %, unpacking 20 %."""

    def __init__(self, report: Callable[[int, str], None]) -> None:
        self._report = report
        self._layers: dict[str, _Layer] = {}
        self._last = -1

    def add(self, line: dict[str, Any]) -> None:
        status = str(line.get("status", ""))
        if "id" not in line or status.startswith("Pulling from"):
            return
        layer = self._layers.setdefault(line["id"], _Layer())
        _note(layer, status, line.get("progressDetail") or {})
        percent = self._percent()
        if percent > self._last:
            self._last = percent
            self._report(percent, f"Abbild wird geladen, {percent} %")

    def _percent(self) -> int:
        known = [layer for layer in self._layers.values() if layer.total]
        total = sum(layer.total for layer in known)
        if not total:
            return 0
        done = sum(0.8 * layer.fetched + 0.2 * layer.unpacked for layer in known)
        return min(99, int(100 * done / total))


def _note(layer: _Layer, status: str, detail: dict[str, Any]) -> None:
    if status == "Downloading":
        layer.total = int(detail.get("total") or layer.total)
        layer.fetched = int(detail.get("current") or 0)
    elif status == "Extracting":
        layer.total = layer.total or int(detail.get("total") or 0)
        layer.fetched = layer.total
        layer.unpacked = min(layer.total, int(detail.get("current") or 0))
    elif status in ("Download complete", "Verifying Checksum"):
        layer.fetched = layer.total
    elif status in ("Pull complete", "Already exists"):
        layer.fetched = layer.unpacked = layer.total
