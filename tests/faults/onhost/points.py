"""The moments of a run: immediately before and after every record of the journal and every change of the world.

Ports are substituted one by one: what a port's class only reads is listed here, everything else it can do counts as a
change, also what it learns later.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from upkeep.layout import StackPaths
from upkeep.ports import Ports

READS = {
    "docker": {"host", "containers", "one_offs", "image", "logs", "publishers"},
    "mongo": {"facts"},
    "compose": {"validate"},
    "gate": {"answers", "worker", "servers", "in_flight"},
    "programs": {"find"},
    "files": {"free_bytes", "drop_torn"},
    "neighbours": {"projects", "occupants", "volume", "users", "changes", "volumes_of", "writers"},
}
UNTOUCHED = ("probe", "registry", "clock", "sockets", "stores", "restic")
Pass = Callable[[str], None]


class Course:
    """Where a run is: names each moment `phase|before or after|what|how often that was`, the same in every such run."""

    def __init__(self, reached: Pass) -> None:
        self._reached = reached
        self._phase = ""
        self._counts: Counter[str] = Counter()
        self._intended: set[str] = set()
        self._done: set[str] = set()

    def around(self, what: str, action: Callable[[], Any]) -> Any:
        phase = self._phase
        self._meet(phase, "before", what)
        result = action()
        self._meet(phase, "after", what)
        return result

    def record(self, body: dict[str, Any], action: Callable[[], Any]) -> Any:
        """A write of the journal: which intents and completions it brings."""
        if not body["phases"] and not body["finished_at"]:
            self._counts.clear()
            self._intended.clear()
            self._done.clear()
        intents = [item["name"] for item in body["phases"] if item["name"] not in self._intended]
        done = [item["name"] for item in body["phases"] if item["done_at"] and item["name"] not in self._done]
        self._intended.update(intents)
        self._done.update(done)
        words = [f"done {name}" for name in done] + [f"intent {name}" for name in intents]
        self._phase = intents[-1] if intents else self._phase if body["phases"] else ""
        words += ["end"] if body["finished_at"] else [] if body["phases"] else ["begin"]
        return self.around(f"journal {', '.join(words) or 'note'}", action)

    def _meet(self, phase: str, when: str, what: str) -> None:
        moment = f"{phase}|{when}|{what}"
        self._counts[moment] += 1
        self._reached(f"{moment}|{self._counts[moment]}")


class Watched:
    """A port whose changes are announced. It behaves as the real one otherwise."""

    def __init__(self, inner: Any, name: str, course: Course) -> None:
        self._inner, self._name, self._course = inner, name, course

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._inner, verb)
        if not callable(found) or verb in READS.get(self._name, ()):
            return found

        def change(*words: Any, **more: Any) -> Any:
            return self._course.around(f"{self._name}.{verb}", lambda: found(*words, **more))

        return change


class WatchedFiles(Watched):
    """Files by their names; the journal's by what they say."""

    def write(self, path: Path, text: str, *more: Any, **named: Any) -> None:
        def write() -> None:
            self._inner.write(path, text, *more, **named)

        if path.parent.name == "runs":
            self._course.record(json.loads(json.loads(text)["body"]), write)
        else:
            self._course.around(f"write {path.name}", write)

    def remove(self, path: Path) -> None:
        kind = path.name if path.suffix != ".json" and path.parent.name != "releases" else path.parent.name
        self._course.around(f"remove {kind}", lambda: self._inner.remove(path))


def watched(ports: Ports, course: Course) -> Ports:
    """The same ports, all changes announced."""
    names = [item.name for item in fields(ports) if item.name not in (*UNTOUCHED, "gate", "files")]
    changed = {name: Watched(getattr(ports, name), name, course) for name in names}

    def gate(paths: StackPaths) -> Any:
        return Watched(ports.gate(paths), "gate", course)

    return replace(ports, gate=gate, files=WatchedFiles(ports.files, "files", course), **changed)
