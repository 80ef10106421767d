"""Phases of one slot at the gate: out of rotation, and back into it. Never is the last one taken that serves."""

from __future__ import annotations

import logging

from upkeep.errors import GateFailed, NotReady, UpkeepError
from upkeep.gate import rotation
from upkeep.memory.release import Release
from upkeep.phases.gate import known, relabel, servers
from upkeep.phases.patience import with_gate
from upkeep.phases.ready import check_slot
from upkeep.phases.surge import STARTED, SURGE, retire_quietly, slots_now
from upkeep.phases.telling import signal, tell
from upkeep.phases.weight import make_even
from upkeep.policy.stack import Policy
from upkeep.ports.containers import Container
from upkeep.runs.run import Run

INTERVAL = 0.05
QUIET_LOOKS = 2  # a request may be on its way to the slot while the first look is taken
OTHER_TIMEOUT = 15.0
ADMIT_TIMEOUT = 30.0
UNKNOWN = "am Gate nicht bekannt"  # its configuration with the slot is still to come

log = logging.getLogger("upkeep.run")


def drain(run: Run, slot: str, policy: Policy) -> str:
    """No new requests; the app is told; what is not over after `drain_timeout` is cut. `policy`: the slot's own."""
    if not known(run, slot):
        return UNKNOWN
    container = running(run, slot)
    if container and check_slot(run, policy.app, None, container) is None:
        await_another(run, slot)
    take_out(run, slot, policy)
    if container is None:
        return "lief nicht"
    told = tell(run, container, policy)
    left = _await_quiet(run, slot, container, told)
    if left:
        with_gate(run.ports, lambda: run.ports.gate(run.paths).cut(slot))
    run.record.timings["drained_cut"] = run.record.timings.get("drained_cut", 0) + left
    return f"{left} Verbindungen abgebrochen" if left else "alle Anfragen zu Ende geführt"


def leave(run: Run, slot: str) -> str:
    """The way back: a release that has to go does so even if it is the last that answers."""
    if not run.record.intended(STARTED if slot == SURGE else f"replace:{slot}"):
        return "noch nicht ersetzt"
    if not known(run, slot):
        return UNKNOWN
    if serving(run) - {slot}:
        return drain(run, slot, run.policy)
    take_out(run, slot, run.policy)
    return "kein anderer Slot antwortet"


def take_out(run: Run, slot: str, policy: Policy) -> None:
    if slot == SURGE:  # a gate that restarts keeps it out by itself
        return with_gate(run.ports, lambda: run.ports.gate(run.paths).drain(slot))
    return with_gate(run.ports, lambda: rotation.take_out(run.paths, run.ports, slot, policy.app.port))


def await_another(run: Run, slot: str) -> None:
    """Raises NotReady when no other slot is in rotation and well."""
    clock = run.ports.clock
    deadline = clock.monotonic() + OTHER_TIMEOUT
    while not any(server.up for server in servers(run) if server.name != slot):
        if clock.monotonic() > deadline:
            raise NotReady(f"{slot} ist der einzige Slot, der antwortet: ohne ihn wäre niemand da")
        clock.sleep(INTERVAL)


def serving(run: Run) -> set[str]:
    """Slots that get requests now; none when the gate stays away."""
    try:
        return {server.name for server in servers(run) if server.up}
    except GateFailed:
        return set()


def running(run: Run, slot: str) -> Container | None:
    found = slots_now(run).get(slot)
    return found if found and found.running else None


def _await_quiet(run: Run, slot: str, container: Container, told: bool) -> int:
    """Connections left when time is up. An app nobody told by path hears SIGTERM at half time: by then ordinary
    requests are over, and what is left are WebSockets and streams."""
    clock, limit = run.ports.clock, run.policy.update.drain_timeout
    begin, quiet = clock.monotonic(), 0
    while True:
        left = _busy(run, slot)
        quiet = 0 if left else quiet + 1
        waited = clock.monotonic() - begin
        if quiet >= QUIET_LOOKS or waited >= limit:
            return left
        if not told and waited >= limit / 2:
            told = signal(run, container)
        clock.sleep(INTERVAL)


def _busy(run: Run, slot: str) -> int:
    """Looks, and insists: a gate that was restarted in between may not have been told."""

    def look() -> int:
        gate = run.ports.gate(run.paths)
        gate.drain(slot)
        return sum(server.sessions for server in gate.servers() if server.name == slot)

    return with_gate(run.ports, look)


def admit(run: Run, slot: str, policy: Policy, release: Release | None) -> str:
    """Back into rotation, under the name of its release, and seen well by the gate itself."""
    relabel(run, slot, release.label if release else "")
    clock = run.ports.clock
    deadline = clock.monotonic() + ADMIT_TIMEOUT
    while not _admitted(run, slot, policy):
        if clock.monotonic() > deadline:
            raise NotReady(
                f"{slot} ist bereit, aber das Gate gibt ihm keine Anfragen (nach {ADMIT_TIMEOUT:g} s)",
                next_step=f"`docker logs {run.paths.name}-gate-1` ansehen.",
            )
        clock.sleep(INTERVAL)
    return "am Gate bereit"


def _admitted(run: Run, slot: str, policy: Policy) -> bool:
    container = running(run, slot)
    if not known(run, slot):  # a gate that has no such slot: its configuration follows with the next deploy
        rotation.forget(run.paths, run.ports, slot)
        return True
    if container is None or not container.address:
        return False
    address = container.address
    with_gate(run.ports, lambda: rotation.put_in(run.paths, run.ports, slot, address, policy.app.port))
    return any(server.name == slot and server.up for server in servers(run))


def admit_the_rest(run: Run) -> set[str]:
    """When a run gives up: nothing stays out of rotation by its hand. The slots that answer now."""
    retire_quietly(run)
    for slot, port in rotation.out(run.paths).items():
        container = running(run, slot)
        try:
            if container and container.address:
                make_even(run, slot)
                rotation.put_in(run.paths, run.ports, slot, container.address, port)
            else:
                rotation.forget(run.paths, run.ports, slot)
        except UpkeepError as exc:
            log.warning("%s: %s", run.record.id, exc)
    return serving(run)
