"""Strategy rolling: one slot after the other leaves the rotation, is replaced, proves itself and comes back. At every
moment another slot serves; with a spare one (`surge`) as many as ever. Phases are named after their slot
(`drain:app-1`), so that a resumed run knows where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from upkeep.phases.exchange import replace_slot, retire_slot, return_slot
from upkeep.phases.gate_change import change_gate, return_gate
from upkeep.phases.migrate import migrate_beside
from upkeep.phases.prepare import discard_quietly, prepare
from upkeep.phases.ready import await_previous, await_ready
from upkeep.phases.rotate import admit, drain, leave, serving
from upkeep.phases.slots import restore
from upkeep.phases.surge import RETIRED, STARTED, SURGE, retire_surge, slots_now, start_surge
from upkeep.phases.switch import switch
from upkeep.phases.weight import make_even, make_light
from upkeep.runs.run import Run

BEGIN, END, BACK = 52, 88, 93
STEPS = 4  # drain, replace, ready, admit


def roll(run: Run) -> None:
    """Forward. A slot that is new serves before an old one leaves; the gate learns of it in between."""
    if run.record.intended("bake"):
        return  # all is exchanged; the policy of the release before may be pruned by now
    wanted, before = run.policy.app.slot_names, run.policy_before.app.slot_names
    added = [slot for slot in wanted if slot not in before]
    run.phase("prepare", "Neue Version wird vorbereitet", 48, prepare)
    if run.plan.migrates:
        run.phase("migrate", "Daten werden umgestellt", 49, migrate_beside)
    run.phase("switch", "Umschalten auf die neue Version", 50, switch)
    for slot in added:
        _renew(run, slot)
    for slot in before[len(wanted) :]:
        _drain_old(run, slot)
        _phase(run, "retire", slot, "wird entfernt", retire_slot)
    run.phase("gate", "Gate wird auf Stand gebracht", BEGIN, change_gate)
    for slot in added:
        _enter(run, slot)
    if surges(run):
        _exchange_with_a_spare(run, before[: len(wanted)])
    else:
        _exchange(run, before[: len(wanted)])


def _exchange_with_a_spare(run: Run, slots: Iterable[str]) -> None:
    _phase(run, "start", SURGE, "wird gestartet", _start_spare)
    _phase(run, "ready", SURGE, "wird geprüft", _prove)
    _enter(run, SURGE)
    _exchange(run, slots)
    _phase(run, "drain", SURGE, "wird abgemeldet", partial(drain, policy=run.policy))
    _phase(run, "retire", SURGE, "wird entfernt", retire_surge)


def _start_spare(run: Run, slot: str) -> str:
    found = start_surge(run, slot)
    container = slots_now(run).get(slot)
    if container:
        make_light(run, container.id)
    return found


def _exchange(run: Run, slots: Iterable[str]) -> None:
    for slot in _worst_first(run, slots):
        _drain_old(run, slot)
        _renew(run, slot)
        _enter(run, slot)


def surges(run: Run) -> bool:
    """Whether a spare slot helps out. Slots that come anew do so already."""
    return run.policy.update.surge and run.policy.app.slots <= run.policy_before.app.slots


def _drain_old(run: Run, slot: str) -> None:
    _phase(run, "drain", slot, "wird abgemeldet", partial(drain, policy=run.policy_before))


def _renew(run: Run, slot: str) -> None:
    _phase(run, "replace", slot, "wird ersetzt", replace_slot)
    _phase(run, "ready", slot, "wird geprüft", _prove)


def _prove(run: Run, slot: str) -> str:
    found = await_ready(run, slot)
    make_even(run, slot)
    return found


def _enter(run: Run, slot: str) -> None:
    _phase(run, "admit", slot, "wird angemeldet", partial(admit, policy=run.policy, release=run.plan.target))


def roll_back(run: Run) -> None:
    """Backward: every slot this run touched serves the release before again, and what it added goes."""
    run.phase("restore", "Vorige Version wird zurückgeholt", 91, restore)
    before = run.policy_before.app.slot_names
    touched = [slot for slot in before if run.record.intended(f"drain:{slot}")]
    for slot in _worst_first(run, (slot for slot in touched if not run.record.intended(f"retire:{slot}"))):
        _leave(run, slot)
        _come_back(run, slot)
    for slot in run.policy.app.slot_names[len(before) :]:
        _leave(run, slot)
        _phase(run, "dismiss", slot, "wird entfernt", retire_slot)
    if run.record.intended(STARTED) and not run.record.done(RETIRED):
        _leave(run, SURGE)
        _phase(run, "dismiss", SURGE, "wird entfernt", retire_surge)
    run.phase("gateback", "Gate wird zurückgestellt", BACK, return_gate)
    for slot in touched:
        _come_back(run, slot)
    discard_quietly(run)


def _leave(run: Run, slot: str) -> None:
    _phase(run, "leave", slot, "wird abgemeldet", leave)


def _come_back(run: Run, slot: str) -> None:
    _phase(run, "return", slot, "geht auf die vorige Version zurück", return_slot)
    _phase(run, "recheck", slot, "wird geprüft", await_previous)
    _phase(run, "undrain", slot, "wird angemeldet", partial(admit, policy=run.policy_before, release=run.plan.release))


def _phase(run: Run, name: str, slot: str, title: str, action: Callable[..., str]) -> None:
    who = "Ein zusätzlicher Slot" if slot == SURGE else slot
    run.phase(f"{name}:{slot}", f"{who} {title}", _percent(run), partial(action, slot=slot))


def _percent(run: Run) -> int:
    if run.record.going_back:
        return BACK
    done = sum(":" in phase.name for phase in run.record.phases)
    return min(END, BEGIN + (END - BEGIN) * done // (STEPS * (run.policy.app.slots + surges(run))))


def _worst_first(run: Run, slots: Iterable[str]) -> list[str]:
    """What serves nobody can be replaced at once, and helps to replace the others."""
    well = serving(run)
    return sorted(slots, key=lambda slot: slot in well)
