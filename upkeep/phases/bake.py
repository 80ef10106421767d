"""Phase bake: the new release serves and is watched. Ready once is not good yet: it must stay healthy, must not
restart, and must answer its users; what the gate counts for the slots tells that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from upkeep.errors import BakeFailed, GateFailed
from upkeep.memory.journal import Operation
from upkeep.phases.ready import check_slot
from upkeep.ports.docker import Container, by_service
from upkeep.ports.gate import Server
from upkeep.runs.run import Run

INTERVAL = 1.0
BAD_LOOKS = 3  # one slow answer is no reason to go back
ENOUGH = 20  # answers, before a share means anything
RECENT = 10  # looks: a fault that comes late must not hide behind many good answers


@dataclass
class Traffic:
    """Answers of the new slots, from the gate's counters; those begin again at zero when the gate restarts."""

    counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    looks: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))
    answers: int = 0
    errors: int = 0

    def add(self, servers: tuple[Server, ...]) -> None:
        new = [self._since(server) for server in servers if server.name in self.counted]
        self.counted |= {server.name: (server.answers, server.errors) for server in servers}
        self.looks.append((sum(answers for answers, _ in new), sum(errors for _, errors in new)))
        self.answers += self.looks[-1][0]
        self.errors += self.looks[-1][1]

    def _since(self, server: Server) -> tuple[int, int]:
        answers, errors = self.counted[server.name]
        again = server.answers < answers
        return (server.answers, server.errors) if again else (server.answers - answers, server.errors - errors)

    def worst(self) -> tuple[int, int]:
        """Answers and errors of the whole time or of the last looks, whichever share is higher."""
        recent = (sum(answers for answers, _ in self.looks), sum(errors for _, errors in self.looks))
        candidates = [pair for pair in ((self.answers, self.errors), recent) if pair[0] >= ENOUGH]
        return max(candidates, key=lambda pair: pair[1] / pair[0], default=(0, 0))


@dataclass
class Vigil:
    """What is known of one slot while it is watched."""

    started: tuple[str, str, int] | None
    bad: int = 0


def bake(run: Run) -> str:
    limit, clock = run.policy.update.bake, run.ports.clock
    if not limit or not watched(run):
        return "keine Beobachtung"
    begin = clock.monotonic()
    try:
        traffic = _watch(run, begin + limit)
    finally:
        run.record.timings["bake_s"] = round(clock.monotonic() - begin, 3)
    return f"{limit:g} s, {traffic.answers} Antworten, {traffic.errors} Fehler"


def _watch(run: Run, until: float) -> Traffic:
    clock, containers, traffic = run.ports.clock, _slots(run), Traffic()
    vigils = {slot: Vigil(_life(containers.get(slot))) for slot in run.policy.app.slot_names}
    while True:
        _look(run, traffic, vigils)
        left = until - clock.monotonic()
        if left <= 0:
            return traffic
        clock.sleep(min(INTERVAL, left))


def watched(run: Run) -> bool:
    """A first install has nothing to go back to, and from where an operator rolled back there is no way either."""
    if run.plan.database:
        return False  # it was watched before the gate opened
    return run.plan.restarts and not run.plan.first and run.record.operation is not Operation.ROLLBACK


def _look(run: Run, traffic: Traffic, vigils: dict[str, Vigil]) -> None:
    containers = _slots(run)
    for slot, vigil in vigils.items():
        _inspect(run, slot, containers.get(slot), vigil)
    try:
        traffic.add(tuple(item for item in run.ports.gate(run.paths).servers() if item.name in vigils))
    except GateFailed:  # somebody restarts it: its health is not this release's matter
        return
    answers, errors = traffic.worst()
    if answers and errors / answers > run.policy.update.bake_errors:
        raise BakeFailed(
            "Die neue Version antwortet zu oft mit Fehlern",
            observed=f"{errors} von {answers} Antworten",
            limit=f"höchstens {run.policy.update.bake_errors:.0%}",
        )


def _inspect(run: Run, slot: str, container: Container | None, vigil: Vigil) -> None:
    if container and vigil.started and _life(container) != vigil.started:
        raise BakeFailed(
            f"{slot} ist nach dem Umschalten neu gestartet",
            observed=f"Container {container.state}, {container.restarts} Neustarts, Exit-Code {container.exit_code}",
        )
    problem = check_slot(run, run.policy.app, run.plan.target, container)
    vigil.bad = vigil.bad + 1 if problem else 0
    if vigil.bad >= BAD_LOOKS:
        raise BakeFailed(f"{slot} wurde nach dem Umschalten wieder schlecht", observed=problem)


def _life(container: Container | None) -> tuple[str, str, int] | None:
    return (container.id, container.started_at, container.restarts) if container else None


def _slots(run: Run) -> dict[str, Container]:
    return by_service(run.ports.docker.containers(run.paths.name))
