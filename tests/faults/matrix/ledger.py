"""What was seen, as lines of JSON below build/faults: a run that was killed goes on where it stopped.

A ledger belongs to one state of the code: where the agent or what stands around it has changed, it is another file.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.matrix.sources import ROOT, fingerprint

FOLDER = ROOT / "build" / "faults"
Json = dict[str, Any]


@dataclass
class Ledger:
    """Entries of one file; each is on disk before `add` returns. A line torn by a kill is left out."""

    path: Path
    entries: list[Json] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, path: Path | None = None) -> Ledger:
        found = cls(path or FOLDER / f"{fingerprint()}.jsonl")
        found.path.parent.mkdir(parents=True, exist_ok=True)
        if found.path.exists():
            whole = [line for line in found.path.read_text(encoding="utf-8").split("\n") if line.endswith("}")]
            found.entries = [json.loads(line) for line in whole]
            found.path.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
        return found

    def add(self, **entry: Any) -> Json:
        with self._guard, self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self.entries.append(entry)
        return entry

    def of(self, kind: str, **wanted: Any) -> list[Json]:
        """Entries of a kind that say this."""
        with self._guard:
            found = [entry for entry in self.entries if entry["kind"] == kind]
        return [entry for entry in found if all(entry.get(key) == value for key, value in wanted.items())]

    def course(self, scene: str) -> list[str] | None:
        """All moments of a scene, once it was surveyed."""
        surveys = self.of("survey", scene=scene)
        return list(surveys[-1]["course"]) if surveys else None
