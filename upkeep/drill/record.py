"""What the journal of a trial remembers beside its phases: what was tried, and what was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from upkeep.runs.run import Run


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `group`: under which heading a report shows it; `good` None: only told."""

    group: str
    name: str
    wanted: str
    found: str
    good: bool | None


class Notes:
    """A view of `record.drill`: changes are in the journal with its next `save`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(Finding(**item) for item in self._raw["findings"])

    def found(self, group: str, name: str, wanted: object, found: object, good: bool | None) -> None:
        """Done again it takes the place of what was found before."""
        finding = asdict(Finding(group, name, str(wanted), str(found), good))
        others = [item for item in self._raw["findings"] if (item["group"], item["name"]) != (group, name)]
        self._raw["findings"] = [*others, finding]

    def fact(self, name: str) -> Any:
        """backup, at, release, host, target, seconds, …: None as long as nobody has said."""
        return self._raw["facts"].get(name)

    def tell(self, **facts: Any) -> None:
        self._raw["facts"] |= facts


def notes(run: Run) -> Notes:
    if run.record.drill is None:
        run.record.drill = {"findings": [], "facts": {}}
    return Notes(run.record.drill)
