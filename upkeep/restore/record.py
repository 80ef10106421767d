"""What the journal of a restore (or of its undoing) remembers beside its phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upkeep.ports.collections import Pair, Step
from upkeep.ports.databases import Exchange
from upkeep.runs.run import Run


@dataclass(frozen=True)
class Moved:
    """A database in the PostgreSQL of `service`, entered as `user`: `coming` takes the name of `live`, which is
    called `aside` then."""

    service: str
    user: str
    coming: str
    live: str
    aside: str

    @property
    def exchange(self) -> Exchange:
        return Exchange(self.coming, self.live, self.aside)


class Notes:
    """A view of `record.restore`: changes are in the journal with its next `save`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    @property
    def backup(self) -> str:
        """The run that made it. An undoing: the run that is undone."""
        return str(self._raw["backup"])

    @property
    def at(self) -> str:
        """The moment of the data that come back, as an operator reads it."""
        return str(self._raw["at"])

    @property
    def stopped(self) -> list[str]:
        """Ids of the containers that ran, and are kept still over the exchange."""
        return list(self._raw["stopped"])

    @property
    def mongodb(self) -> str | None:
        """As in Selection."""
        found = self._raw["mongodb"]
        return None if found is None else str(found)

    @property
    def volumes(self) -> tuple[str, ...]:
        return tuple(self._raw["volumes"])

    @property
    def databases(self) -> tuple[str, ...]:
        """Those that are to be wholly as in the backup."""
        return tuple(self._raw["databases"])

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Collections that are to be put in: (aside, live)."""
        return tuple((aside, live) for aside, live in self._raw["pairs"])

    @property
    def leaving(self) -> tuple[str, ...]:
        """Live collections that go, although nothing may come for them."""
        return tuple(self._raw["leaving"])

    @property
    def views(self) -> dict[str, str]:
        """Database → the views it is to have."""
        return dict(self._raw["views"])

    @property
    def views_before(self) -> dict[str, str]:
        return dict(self._raw["views_before"])

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple((uuid, source, target) for uuid, source, target in self._raw["steps"])

    @property
    def postgres(self) -> tuple[Moved, ...]:
        """Databases that are to be put in, and where each of them goes."""
        return tuple(Moved(*item) for item in self._raw.get("postgres", ()))

    @property
    def copied(self) -> list[str]:
        """Volumes whose content from before lies aside."""
        return list(self._raw["copied"])

    @property
    def source(self) -> str:
        """Under whose name the volumes' contents to be put in lie aside, and `which` they are: new or old."""
        return str(self._raw["source"])

    @property
    def which(self) -> str:
        return str(self._raw["which"])

    @property
    def keeps_sessions(self) -> bool:
        """Whether these are the data of just now, and nobody signed out since."""
        return bool(self._raw.get("keeps_sessions"))

    def set(self, **facts: Any) -> None:
        self._raw.update(facts)


EMPTY: dict[str, Any] = {
    "backup": "",
    "at": "",
    "stopped": [],
    "mongodb": None,
    "postgres": [],
    "volumes": [],
    "databases": [],
    "pairs": [],
    "leaving": [],
    "views": {},
    "views_before": {},
    "steps": [],
    "copied": [],
    "source": "",
    "which": "new",
}


def notes(run: Run) -> Notes:
    if run.record.restore is None:
        run.record.restore = dict(EMPTY)
    return Notes(run.record.restore)
