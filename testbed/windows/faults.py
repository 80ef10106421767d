"""What can go wrong at a call: the host refuses, does it and fails, is gone for a while, restarts, takes its time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("fail", "fail_after", "unreachable", "reboot", "slow")


@dataclass
class Fault:
    """Strikes `times` times at calls of `module` whose parameters contain `match`, or at call number `call`.

    `skip` lets that many fitting calls through first; the host is gone for `calls` calls, or slow by `seconds`.
    """

    kind: str
    module: str = ""
    match: dict[str, Any] = field(default_factory=dict)
    call: int = 0
    skip: int = 0
    times: int = 1
    calls: int = 1
    seconds: float = 0
    message: str = "eingespielter Fehler"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Fehlerart {self.kind!r}; möglich: {', '.join(KINDS)}")

    def strikes(self, module: str, parameters: dict[str, Any], call: int) -> bool:
        """Whether it strikes now; counts down."""
        fits = call == self.call if self.call else self._fits(module, parameters)
        if not fits or self.times < 1:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    def _fits(self, module: str, parameters: dict[str, Any]) -> bool:
        same = self.module in (module, module.rpartition(".")[2])
        return same and all(str(wanted) in str(parameters.get(name)) for name, wanted in self.match.items())

    def kept(self) -> dict[str, Any]:
        return asdict(self)
