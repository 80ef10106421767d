"""What a client may ask for, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upkeep.errors import BadRequest
from upkeep.memory.journal import Operation

# What only one operation understands.
OWN_OPTIONS = {
    Operation.ADOPT: ("project", "app", "without", "keep", "compose", "policy", "environment_secrets"),
    Operation.REMOVE: ("data", "confirm"),
    Operation.BACKUP: ("unless_younger",),
    Operation.VERIFY: ("deep", "all", "tidy", "accept"),
    Operation.EXPORT: ("backup",),
    Operation.RESTORE: ("backup", "file", "identity", "only"),
}


@dataclass(frozen=True)
class Order:
    """What a client wants: `starter` says who it was, for the report and for whoever is told „busy“."""

    operation: Operation
    starter: str
    options: dict[str, Any]

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Order:
        try:
            operation = Operation(raw.get("operation", ""))
        except ValueError as exc:
            known = ", ".join(Operation)
            raise BadRequest("Diesen Vorgang gibt es nicht", observed=raw.get("operation"), limit=known) from exc
        options = raw.get("options") or {}
        texts = [options.get(key) for key in ("to", "service")] if isinstance(options, dict) else [options]
        if not all(text is None or isinstance(text, str) for text in texts):
            raise BadRequest("options muss {to: Text, service: Text, force: ja/nein} sein", observed=options)
        starter = str(raw.get("starter") or "unbekannt")[:100]
        return cls(operation, starter, _options(operation, options))


def _options(operation: Operation, raw: dict[str, Any]) -> dict[str, Any]:
    service = {"service": raw["service"]} if raw.get("service") else {}
    own = {name: raw[name] for name in OWN_OPTIONS.get(operation, ()) if name in raw}
    return {"to": raw.get("to") or None, "force": raw.get("force") is True} | service | own
