"""Phases at the gate: shut it, open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from upkeep.composition import GATE
from upkeep.errors import GateFailed
from upkeep.gate import maintenance, rotation
from upkeep.gate.maintenance import Maintenance, Notice
from upkeep.memory.journal import Operation
from upkeep.memory.release import Release
from upkeep.phases.patience import with_gate
from upkeep.phases.telling import signal, tell
from upkeep.plans.plan import GateChange
from upkeep.policy.stack import Policy
from upkeep.ports.clock import moment
from upkeep.ports.containers import Container, by_service, running_of
from upkeep.ports.gate import Server
from upkeep.runs.run import Run

QUIET_INTERVAL = 0.05
TOLD = "told_at"
DATA_WORDS = {
    Operation.RESTORE: ("Daten werden zurückgespielt", "Ein früherer Stand der Daten wird eingesetzt."),
    Operation.UNDO: ("Daten werden zurückgeholt", "Der Stand von vor dem Zurückspielen wird wieder eingesetzt."),
}


def close_gate(run: Run) -> str:
    """Shut it for everybody, then wait until what is already inside is over (drain_timeout at most)."""
    title, text = _words(run)
    if "closed_at" not in run.record.marks:
        run.mark("closed_at")
    since = run.record.marks["closed_at"]
    notice = Notice(run.owner, str(run.record.operation), title, text, since, hold=_hold(run, since))
    if not with_gate(run.ports, partial(_turn, run, lambda present: replace(present, run=notice), "schließen")):
        return "kein Gate in Betrieb"
    cut = _await_quiet(run)
    run.record.timings["requests_cut"] = cut
    return f"{cut} Anfragen abgebrochen" if cut else "alle Anfragen zu Ende geführt"


def _words(run: Run) -> tuple[str, str]:
    """What people read meanwhile. The policy's words are for updates."""
    if run.record.operation in DATA_WORDS:
        return DATA_WORDS[run.record.operation]
    return run.policy.maintenance.title, run.policy.maintenance.text


def _hold(run: Run, since: str) -> float | None:
    """The end of the pause. A gate that is itself exchanged would lose those who wait in it."""
    pause = run.policy.update.pause
    if not pause or run.plan.gate is not GateChange.NONE:
        return None
    return moment(since).timestamp() + pause


def _turn(run: Run, turn: Callable[[Maintenance], Maintenance], how: str) -> bool:
    """As `maintenance.change`. Raises GateFailed when a gate runs and does not answer: one that is just starting may
    have read the files before they changed, and would stay as they were."""
    told = maintenance.change(run.paths, run.ports, turn)
    if not told and running_gate(run):
        raise GateFailed(f"Das Gate läuft, lässt sich aber nicht {how}", observed=str(run.paths.gate_socket))
    return told


def _await_quiet(run: Run) -> int:
    """Requests and streams still inside when time was up. Nobody gets in meanwhile: the app is told at once if there is
    a path for that, else by SIGTERM at half time."""
    gate, clock = run.ports.gate(run.paths), run.ports.clock
    policy = run.policy if run.record.going_back else run.policy_before  # the slots' own
    begin, limit, deaf = clock.monotonic(), run.policy.update.drain_timeout, _serving(run)
    if policy.update.drain_path and gate.in_flight():
        deaf = _urge(run, deaf, partial(tell, policy=policy))
    while (inside := gate.in_flight()) and (waited := clock.monotonic() - begin) < limit:
        if deaf and waited >= limit / 2:
            deaf = _urge(run, deaf, signal)
        clock.sleep(QUIET_INTERVAL)
    return inside


def _serving(run: Run) -> list[Container]:
    return [item for item in run.ports.docker.containers(run.paths.name) if item.role == "app" and item.running]


def _urge(run: Run, slots: list[Container], how: Callable[[Run, Container], bool]) -> list[Container]:
    """Those that did not hear it. From here on the way back has to start them all again."""
    run.mark(TOLD)
    run.journal.save()
    return [item for item in slots if not how(run, item)]


def disturbed(run: Run) -> bool:
    """Whether the slots were stopped, or may end by themselves because they were told."""
    return run.record.intended("stop") or TOLD in run.record.marks


def open_gate(run: Run) -> str:
    return _open(run, run.policy, run.plan.target)


def reopen_gate(run: Run) -> str:
    return _open(run, run.policy_before, run.plan.release)


def _open(run: Run, policy: Policy, release: Release | None) -> str:
    """The gate learns where the slots are now and what they are, then this run's own notice goes."""
    rotation.all_in(run.paths, run.ports, policy.app.slot_names, policy.app.port)
    with_gate(run.ports, partial(_let_in, run, policy, release))
    run.mark("opened_at")
    _measure(run)
    still = maintenance.load(run.paths).notice
    return "bleibt wegen der Wartung des Betreibers geschlossen" if still else "offen"


def _let_in(run: Run, policy: Policy, release: Release | None) -> None:
    tell_release(run, policy, release)
    _turn(run, lambda present: present.without_run(run.record.id), "öffnen")


def tell_release(run: Run, policy: Policy, release: Release | None) -> None:
    """What the slots are, on disk and, where a gate answers, with the place of each."""
    entries = dict.fromkeys(policy.app.slot_names, release.label if release else "")
    maintenance.write_map(run.paths, maintenance.RELEASE_MAP, entries, run.ports)
    gate = run.ports.gate(run.paths)
    if gate.answers():
        gate.set_map(maintenance.RELEASE_MAP, entries)
        _place_slots(run, policy)


def relabel(run: Run, slot: str, label: str | None) -> None:
    """What X-Upkeep-Release says of this slot from now on; None of a slot that is no more."""
    entries = maintenance.read_map(run.paths, maintenance.RELEASE_MAP)
    entries.pop(slot, None)
    entries |= {} if label is None else {slot: label}
    maintenance.write_map(run.paths, maintenance.RELEASE_MAP, entries, run.ports)
    with_gate(run.ports, lambda: run.ports.gate(run.paths).set_map(maintenance.RELEASE_MAP, entries))


def servers(run: Run) -> tuple[Server, ...]:
    """What the gate knows, slot by slot. Raises GateFailed when it stays away."""
    return with_gate(run.ports, run.ports.gate(run.paths).servers)


def known(run: Run, slot: str) -> bool:
    """A gate whose configuration is still to come does not know a slot that is new."""
    return any(server.name == slot for server in servers(run))


def _place_slots(run: Run, policy: Policy) -> None:
    known = {server.name for server in run.ports.gate(run.paths).servers()}
    for item in by_service(run.ports.docker.containers(run.paths.name)).values():
        if item.service in policy.app.slot_names and item.service in known and item.running and item.address:
            run.ports.gate(run.paths).place(item.service, item.address, policy.app.port)


def _measure(run: Run) -> None:
    """Seconds the gate was shut; a run that goes back after the opening shuts it a second time."""
    marks, timings = run.record.marks, run.record.timings
    if "closed_at" in marks:
        timings["maintenance_s"] = round(timings.get("maintenance_s", 0.0) + run.seconds_since("closed_at"), 3)
        del marks["closed_at"]


def running_gate(run: Run) -> Container | None:
    return running_of(run.ports.docker.containers(run.paths.name), GATE)
