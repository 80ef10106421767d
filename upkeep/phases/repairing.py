"""The phases of a repair. Each may be entered again: a killed repair simply begins anew."""

from __future__ import annotations

from dataclasses import replace

from upkeep.gate import maintenance, rotation
from upkeep.memory import audit, release, state
from upkeep.memory.journal import Result
from upkeep.memory.repair import Judgement, judge
from upkeep.phases.decide import copy_files
from upkeep.phases.gate import tell_release
from upkeep.phases.ready import watch_until_ready
from upkeep.ports.compose import Project
from upkeep.ports.containers import Container
from upkeep.runs.failure import blame
from upkeep.runs.run import Run

UNDER_REPAIR = "Eine Reparatur ist nicht fertig geworden"


def repair(run: Run) -> None:
    """To its honest end; nothing is raised. The gate opens only before an app that is ready."""
    try:
        judgement = judge(run.paths, run.ports)
        run.record.before = run.record.after = judgement.state.release
        if not judgement.problems:
            return run.finish(Result.UNCHANGED, judgement.message)
        _carry_out(run, judgement)
    except Exception as exc:  # whatever it was: the journal gets an end
        reason, name = blame(run.record, exc), run.paths.name
        return run.finish(Result.FAILED, f"{reason} Ursache beheben und `upkeep repair {name} --yes` wiederholen.")
    label = judgement.state.release.label if judgement.state.release else "noch nicht ausgerollt"
    return run.finish(Result.UPDATED, f"Repariert: {label}. {judgement.message}")


def _carry_out(run: Run, judgement: Judgement) -> None:
    run.phase("memory", "Stand wird neu festgehalten", 20, lambda run: _remember(run, judgement))
    current = state.load(run.paths)
    if current.overtaken:
        run.phase("shut", "Wartungsseite bleibt eingeschaltet", 90, _stay_shut)
        return
    if judgement.start and current.release:
        run.phase("start", "Anwendung wird gestartet", 40, lambda run: _start(run, judgement))
    if (judgement.start or judgement.closed) and current.release:
        run.phase("ready", "Anwendung wird geprüft", 60, lambda run: _await_ready(run, judgement))
    run.phase("open", "Wartungsseite wird ausgeschaltet", 90, lambda run: _open(run, judgement))


def _remember(run: Run, judgement: Judgement) -> str:
    """Damaged files go aside, never away. New runs are refused until the repair is through."""
    for path in judgement.journals:
        path.rename(path.with_suffix(".set-aside"))
    if judgement.audit_broken:
        run.paths.audit_log.rename(run.paths.audit_log.with_suffix(f".broken-{run.record.id}"))
        run.ports.files.remove(run.paths.audit_head)
        audit.complete(run.paths, run.ports)
    if judgement.maintenance_broken:
        run.paths.maintenance_file.rename(run.paths.maintenance_file.with_suffix(".set-aside"))
        shown = maintenance.from_map(run.paths, run.now())
        maintenance.change(run.paths, run.ports, lambda _: shown)
    known = _with_snapshot(run, judgement.state)
    if known.images:
        known = replace(known, env_hash=release.write(run.paths, known.images, run.ports.files))
    run.remember(replace(known, attention=UNDER_REPAIR))
    return known.release.label if known.release else "nichts ausgerollt"


def _with_snapshot(run: Run, known: state.State) -> state.State:
    """A release without its compose.yml takes Ansible's: the next deploy compares with that."""
    if known.release is None or (
        known.release.snapshot and run.paths.snapshot(known.release.snapshot).policy_file.exists()
    ):
        return known
    copy_files(run, run.record.id)
    return replace(known, release=replace(known.release, snapshot=run.record.id))


def _start(run: Run, judgement: Judgement) -> str:
    known, slots = state.load(run.paths), judgement.policy.app.slot_names
    assert known.release is not None  # noqa: S101 - the caller asked
    for spare in _spare(run.ports.docker.containers(run.paths.name), known.release.digest):
        run.ports.docker.remove(spare.id)
    file = run.paths.snapshot(known.release.snapshot or "").compose_file
    project = Project(run.paths.name, run.paths.home, run.paths.release_env, file)
    run.ports.compose.up(project, slots, stop_timeout=judgement.policy.update.stop_timeout)
    return ", ".join(slots)


def _stay_shut(run: Run) -> str:
    """The data is not this release's any more: it is not started, and what comes next finds one container a slot."""
    known = state.load(run.paths)
    assert known.release is not None  # noqa: S101 - it has been overtaken
    for spare in _spare(run.ports.docker.containers(run.paths.name), known.release.digest):
        run.ports.docker.remove(spare.id)
    run.remember(replace(known, attention=None))
    return f"{known.release.label} passt nicht mehr zu den Daten"


def _spare(containers: tuple[Container, ...], digest: str) -> list[Container]:
    """Of two containers of a slot the one that is left over: compose knows only one."""
    ordered = sorted(containers, key=lambda item: (item.digest == digest, item.running, item.started_at))
    best = {item.service: item.id for item in ordered if item.role == "app"}
    return [item for item in containers if item.role == "app" and item.id not in best.values()]


def _await_ready(run: Run, judgement: Judgement) -> str:
    watch_until_ready(run, judgement.policy, judgement.state.release)
    return "bereit"


def _open(run: Run, judgement: Judgement) -> str:
    known = state.load(run.paths)
    if known.release:
        app = judgement.policy.app
        rotation.all_in(run.paths, run.ports, app.slot_names, app.port)
        tell_release(run, judgement.policy, known.release)
    maintenance.change(run.paths, run.ports, lambda present: replace(present, run=None))
    run.remember(replace(known, attention=None))
    return "offen"
