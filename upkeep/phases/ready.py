"""Phase ready: the expected release answers several times in a row, on its own address, while it gets no requests."""

from __future__ import annotations

from dataclasses import dataclass

from upkeep.errors import NotReady
from upkeep.memory.release import Release
from upkeep.phases.surge import slots_now
from upkeep.policy.stack import AppPolicy, Policy
from upkeep.ports.clock import moment
from upkeep.ports.docker import Container
from upkeep.runs.run import Run

PROBE_TIMEOUT = 5.0
EAGER_INTERVAL = 0.1  # until the first good answer; from then on the policy's interval counts
HOPELESS_RESTARTS = 5
PLAUSIBLE = 300.0  # a container that is older than our watch by more was not started by this run, or the clock jumped


@dataclass
class Watch:
    """What is known of one slot while it starts."""

    slot: str
    begun: float
    streak: int = 0
    last: str = "noch kein Container"
    start_to_ready: float | None = None
    hopeless: bool = False

    def good(self, container: Container, run: Run) -> None:
        self.streak += 1
        if self.start_to_ready is None:
            self.start_to_ready = round(self._age(container, run), 3)

    def _age(self, container: Container, run: Run) -> float:
        """By the time of day, as Docker tells it; unless that was changed meanwhile."""
        clock = run.ports.clock
        told = (clock.now() - moment(container.started_at)).total_seconds()
        watched = clock.monotonic() - self.begun
        return told if 0 <= told <= watched + PLAUSIBLE else watched

    def bad(self, observed: str) -> None:
        self.streak, self.last = 0, observed


def await_ready(run: Run, slot: str | None = None) -> str:
    """Of one slot, or of all."""
    slots = (slot,) if slot else run.policy.app.slot_names
    watches = watch_until_ready(run, run.policy, run.plan.target, slots)
    longest = max((watch.start_to_ready for watch in watches if watch.start_to_ready is not None), default=0.0)
    run.record.timings["start_to_ready_s"] = max(longest, run.record.timings.get("start_to_ready_s", 0.0))
    _smoke(run, run.policy, slots)
    _probation(run, run.policy, run.plan.target, slots)
    return f"bereit nach {longest:.1f} s".replace(".", ",")


def await_previous(run: Run, slot: str | None = None) -> str:
    watch_until_ready(run, run.policy_before, run.plan.release, (slot,) if slot else None)
    return "bereit"


def watch_until_ready(
    run: Run, policy: Policy, expected: Release | None, slots: tuple[str, ...] | None = None
) -> list[Watch]:
    """Until each of these slots (of all, if none is named) was ready `ready_count` times in a row, or NotReady."""
    clock, update = run.ports.clock, policy.update
    watches = [Watch(slot, clock.monotonic()) for slot in slots or policy.app.slot_names]
    deadline = clock.monotonic() + update.ready_timeout
    while True:
        _look(run, policy.app, expected, watches)
        if all(watch.streak >= update.ready_count for watch in watches):
            return watches
        if clock.monotonic() >= deadline or any(watch.hopeless for watch in watches):
            raise _not_ready(run, watches, update.ready_timeout)
        waited_for = run.record.plan is None or run.plan.window  # a repair has no plan
        eager = waited_for and any(watch.streak == 0 for watch in watches)
        clock.sleep(min(EAGER_INTERVAL, update.ready_interval) if eager else update.ready_interval)


def _look(run: Run, app: AppPolicy, expected: Release | None, watches: list[Watch]) -> None:
    containers = slots_now(run)
    for watch in watches:
        container = containers.get(watch.slot)
        problem = check_slot(run, app, expected, container)
        if problem is None and container is not None:
            watch.good(container, run)
        else:
            watch.bad(problem or "kein Container")
        if container is not None and _hopeless(container):
            watch.hopeless = True


def _hopeless(container: Container) -> bool:
    """Nobody starts a container again that was made for one run."""
    ended = bool(container.run) and container.state in ("exited", "dead")
    return ended or container.restarts >= HOPELESS_RESTARTS


def _crash(container: Container) -> str:
    if not container.exit_code and not container.restarts:
        return ""
    return f", {container.told_exit}, {container.restarts} Neustarts"


def check_slot(run: Run, app: AppPolicy, expected: Release | None, container: Container | None) -> str | None:
    """None when the slot is ready as the expected release, else what was observed."""
    if container is None:
        return "kein Container"
    if not container.running or not container.address:
        return f"Container {container.state}{_crash(container)}"
    if expected and container.digest != expected.digest:
        return f"falsches Abbild {container.digest}"
    answer = run.ports.probe.get(container.address, app.port, app.health_path, PROBE_TIMEOUT)
    if answer.status != 200:
        return str(answer)
    if app.version_path is None or expected is None:
        return None
    if app.version_path != app.health_path:
        answer = run.ports.probe.get(container.address, app.port, app.version_path, PROBE_TIMEOUT)
    if answer.version != expected.version:
        return f"meldet Version {answer.version or 'keine'} statt {expected.version}"
    return None


def _not_ready(run: Run, watches: list[Watch], limit: float) -> NotReady:
    bad = next((watch for watch in watches if watch.hopeless), None)
    bad = bad or min(watches, key=lambda watch: watch.streak)
    if bad.hopeless:
        return NotReady(f"{bad.slot} startet nicht (zuletzt {bad.last})")
    return NotReady(f"{bad.slot} nach {limit:g} s nicht bereit (zuletzt {bad.last})")


def _smoke(run: Run, policy: Policy, slots: tuple[str, ...]) -> None:
    """The page a user sees first: a redirect (to sign in) is fine, an error is not."""
    path = policy.app.smoke_path
    if path is None:
        return
    for item in slots_now(run).values():
        if item.service in slots and item.address:
            answer = run.ports.probe.get(item.address, policy.app.port, path, PROBE_TIMEOUT)
            if answer.status is None or answer.status >= 400:
                raise NotReady(f"{item.service} ist bereit, aber {path} nicht (zuletzt {answer})")


def _probation(run: Run, policy: Policy, expected: Release | None, slots: tuple[str, ...]) -> None:
    """Stay well for a while before anybody is let in."""
    clock = run.ports.clock
    until = clock.monotonic() + policy.update.probation
    while clock.monotonic() < until:
        clock.sleep(min(1.0, policy.update.probation))
        containers = slots_now(run)
        for slot in slots:
            problem = check_slot(run, policy.app, expected, containers.get(slot))
            if problem:
                raise NotReady(f"{slot} wurde in der Probezeit wieder schlecht (zuletzt {problem})")
