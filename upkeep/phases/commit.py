"""The end of a run: what the state remembers, and what may go."""

from __future__ import annotations

from dataclasses import replace

from upkeep import unused_secrets
from upkeep.memory import held, pruning, state
from upkeep.memory.journal import Operation
from upkeep.memory.release import Release
from upkeep.memory.state import State
from upkeep.phases.database_copy import drop_old_copies
from upkeep.phases.migrate import clear_one_offs
from upkeep.phases.prepare import remove_old
from upkeep.phases.retire import retire_accounts, retire_ticket_key
from upkeep.runs.run import Run


def commit(run: Run) -> str:
    """current and previous move on. Built from the plan alone, so that doing it twice changes nothing."""
    plan, known = run.plan, _held(run, state.load(run.paths))
    assert plan.target is not None  # noqa: S101 - a changing plan has a target
    since = run.now() if plan.new_digest or plan.release is None else plan.release.since
    run.remember(
        replace(
            known,
            release=replace(plan.target, since=since, snapshot=run.record.id),
            previous=_previous(run, known),
            available=known.available if known.available and known.available.digest != plan.target.digest else None,
            references=plan.references,
            hashes=plan.hashes,
            pin=plan.pin,
            returned_from=_returned_from(run, known),
        )
    )
    return plan.target.label


def _previous(run: Run, known: State) -> Release | None:
    """After a rollback there is nothing to go back to: what was left is held."""
    if run.record.operation is Operation.ROLLBACK:
        return None
    return run.plan.release if run.plan.new_digest else known.previous


def _returned_from(run: Run, known: State) -> Release | None:
    if run.record.operation is Operation.ROLLBACK:
        return run.plan.release
    return None if run.plan.new_digest else known.returned_from


def _held(run: Run, known: State) -> State:
    target, before = run.plan.target, run.plan.release
    if target:
        known = held.without(known, target.digest)
    if run.record.operation is Operation.ROLLBACK and before and run.plan.new_digest:
        known = held.with_held(known, before)
    return known


def hold(run: Run) -> str:
    """A release that was tried and failed is not tried again by itself."""
    target = run.plan.target
    tried = run.record.began_new or run.record.intended("migrate")
    if target is None or not run.plan.new_digest or not tried:
        return ""
    known = state.load(run.paths)
    available = known.available if known.available and known.available.digest != target.digest else None
    run.remember(replace(held.with_held(known, target), available=available))
    return target.label


def prune(run: Run) -> str:
    """Own old containers, images, snapshots: current and previous stay, so does what other stacks of this host know."""
    retire_accounts(run)
    retire_ticket_key(run)
    remove_old(run)
    clear_one_offs(run)
    drop_old_copies(run)
    gone, known = pruning.images(run.paths, run.ports), state.load(run.paths)
    unused_secrets.drop(run.paths, run.ports, known.release)
    _prune_snapshots(run, known)
    pruning.journals(run.paths, run.ports.files)
    return f"{len(gone)} entfernt"


def _prune_snapshots(run: Run, known: State) -> None:
    releases = (known.release, known.previous)
    kept = {release.snapshot for release in releases if release} | {run.record.id}
    for directory in run.paths.releases.glob("*"):
        if directory.name not in kept:
            run.ports.files.remove(directory)
