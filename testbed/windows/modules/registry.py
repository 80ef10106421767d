"""Which function answers for which module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testbed.windows.host import Host

Answer = dict[str, Any]
Model = Callable[["Host", dict[str, Any], bool], Answer]  # host, parameters with defaults, check mode
MODELLED: dict[str, Model] = {}


class ModuleFailed(Exception):
    """The module says no; `facts` are what it returns beside the message."""

    def __init__(self, message: str, **facts: Any):
        super().__init__(message)
        self.facts = facts


def models(name: str) -> Callable[[Model], Model]:
    def register(model: Model) -> Model:
        MODELLED[name] = model
        return model

    return register


def keep(table: dict[str, Any], name: str, wanted: dict[str, Any] | None) -> Answer:
    """Sets or (None) removes an entry; says whether that was a change."""
    before = table.get(name)
    if wanted is None:
        return {"changed": table.pop(name, None) is not None}
    table[name] = wanted
    return {"changed": before != wanted}


def set_keys(parameters: dict[str, Any], *without: str) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if value is not None and key not in without}
