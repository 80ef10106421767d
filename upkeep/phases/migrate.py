"""Phase migrate: the data is brought to the new release, once, by the new image in a container of its own.

The container's name and label bear the run's id. There can never be two of it, and whoever comes back after a crash
finds it and takes it from there.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from upkeep import redaction
from upkeep.errors import ComposeFailed, DockerFailed, MigrationFailed, UpkeepError
from upkeep.memory import state
from upkeep.memory.state import Migrated
from upkeep.phases.patience import await_docker
from upkeep.phases.ready import watch_until_ready
from upkeep.policy.commands import CommandReport, MigrationPolicy, When
from upkeep.ports.clock import moment
from upkeep.ports.compose import OneOff, Project
from upkeep.ports.containers import RUN, Container
from upkeep.runs.run import Run

ROLE = "migration"
POLL = 0.2

log = logging.getLogger("upkeep.run")


def migrate(run: Run) -> str:
    """Raises MigrationFailed. What can be known of the data afterwards is in the state, however it ends."""
    policy = run.policy.migration
    assert policy is not None  # noqa: S101 - the plan says so
    report = _report(run, policy)
    _clear_strangers(run)
    report.container = _started(run, policy, report).id
    _remember(run, policy, complete=False)
    run.journal.save()
    _take(run, report, _await_end(run, policy, report))
    if report.problem:
        raise _failure(run, report)
    _remember(run, policy, complete=True)
    return f"{report.seconds:.1f} s".replace(".", ",")


def migrate_beside(run: Run) -> str:
    """While the old release serves: it must be as well afterwards as it was before."""
    took = migrate(run)
    try:
        watch_until_ready(run, run.policy_before, run.plan.release)
    except UpkeepError as exc:
        raise MigrationFailed(
            "Nach der Migration ist die alte Version nicht mehr bereit", observed=str(exc).rstrip(".")
        ) from exc
    return took


def overtaken(run: Run) -> bool:
    """Whether the release before no longer fits the data: then its code must not come back."""
    before = run.plan.release
    return before is not None and before.digest in state.load(run.paths).outdated


def ways_out(run: Run) -> str:
    """What somebody can do whose data has been migrated by a release that does not work."""
    before, target, name = run.plan.release, run.plan.target, run.paths.name
    assert before is not None  # noqa: S101 - it is what the data has left behind
    assert target is not None  # noqa: S101 - it is what did so
    return (
        f"Die Daten hat {target.label} schon umgestellt, {before.label} passt nicht mehr dazu; die Wartungsseite "
        f"bleibt eingeschaltet. Entweder eine berichtigte Version einspielen (`upkeep update {name}`), oder die eigene "
        f"Datensicherung zurückspielen und dann `upkeep deploy {name} --force`. Protokoll: `upkeep logs {name}`."
    )


def stop_migration(run: Run) -> str:
    """Before the release before comes back, nothing may work on the data any more."""
    running = [item for item in run.ports.docker.one_offs(run.paths.name) if item.running and item.role == ROLE]
    for item in running:
        run.ports.docker.stop(item.id, run.policy.update.stop_timeout)
    return "angehalten" if running else "läuft nicht mehr"


def clear_one_offs(run: Run) -> None:
    """At the end nothing of them is left, not even after a failure; what cannot go now goes with the next run."""
    try:
        for item in run.ports.docker.one_offs(run.paths.name):
            run.ports.docker.remove(item.id)
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)


def _report(run: Run, policy: MigrationPolicy) -> CommandReport:
    report = run.record.command(When.MIGRATION)
    if report is None:
        hidden = redaction.secrets(run.paths.secrets)
        words = [redaction.redacted(word, hidden) for word in policy.command]
        report = CommandReport(When.MIGRATION, 0, words, begun_at=run.now())
        run.record.commands.append(report)
    return report


def _clear_strangers(run: Run) -> None:
    """Of a run that never came to its end. Two migrations never work on the data at the same time."""
    for item in run.ports.docker.one_offs(run.paths.name):
        if item.run != run.record.id:
            run.ports.docker.stop(item.id, run.policy.update.stop_timeout)
            run.ports.docker.remove(item.id)


def _mine(run: Run) -> Container | None:
    """Docker may be restarting: only when it answers does anybody know whether there is one."""
    try:
        found = run.ports.docker.one_offs(run.paths.name)
    except DockerFailed:
        await_docker(run.ports)
        found = run.ports.docker.one_offs(run.paths.name)
    return next((item for item in found if item.run == run.record.id and item.role == ROLE), None)


def _started(run: Run, policy: MigrationPolicy, report: CommandReport) -> Container:
    """The container, running or ended. Made only if there has never been one: nothing ran, if this raises."""
    found = _mine(run)
    if found is None and report.container:
        raise _vanished(run)
    if found is None:
        found = _made(run, policy)
    if found.state == "created":  # its maker was killed before it could start it
        try:
            run.ports.docker.start(found.id)
        except DockerFailed as exc:
            raise MigrationFailed("Die Migration ließ sich nicht starten", observed=exc.observed) from exc
    return found


def _made(run: Run, policy: MigrationPolicy) -> Container:
    one_off = OneOff(
        name=f"{run.paths.name}-migration-{run.record.id}",
        command=policy.command,
        labels={RUN: run.record.id, "upkeep.stack": run.paths.name, "upkeep.role": ROLE},
        environment={"UPKEEP_SLOT": ROLE},
    )
    candidate = run.snapshot.directory / "release.env"
    project = Project(run.paths.name, run.paths.home, candidate, run.snapshot.compose_file)
    failure: ComposeFailed | None = None
    try:
        run.ports.compose.run(project, run.policy.app.slot_names[0], one_off)
    except ComposeFailed as exc:
        failure = exc
    found = _mine(run)
    if found is None:
        observed = failure.observed if failure else "kein Container"
        raise MigrationFailed("Die Migration ließ sich nicht starten", observed=observed) from failure
    return found


def _await_end(run: Run, policy: MigrationPolicy, report: CommandReport) -> Container:
    """Its container once it has ended, by itself or at the deadline (which a restart of the agent does not extend)."""
    clock = run.ports.clock
    deadline: float | None = None
    while True:
        container = _look(run)
        if container.state in ("exited", "dead"):
            return container
        if deadline is None:
            spent = (clock.now() - moment(container.started_at)).total_seconds() if container.running else 0.0
            deadline = clock.monotonic() + policy.timeout - min(max(spent, 0.0), policy.timeout)
        if clock.monotonic() >= deadline:
            report.problem = f"nach {policy.timeout:g} s nicht fertig und angehalten"
            run.ports.docker.stop(container.id, run.policy.update.stop_timeout)
            return _look(run)
        clock.sleep(POLL)


def _look(run: Run) -> Container:
    found = _mine(run)
    if found is None:
        raise _vanished(run)
    return found


def _vanished(run: Run) -> MigrationFailed:
    return MigrationFailed(
        "Der Container der Migration ist verschwunden; wie weit sie kam, ist unbekannt",
        observed=f"{run.paths.name}-migration-{run.record.id} gibt es nicht mehr",
    )


def _take(run: Run, report: CommandReport, ended: Container) -> None:
    hidden = redaction.secrets(run.paths.secrets)
    lines = "\n".join(run.ports.docker.logs(ended.id, redaction.LINES))
    report.output = redaction.last_lines(lines, hidden)
    report.exit_code, report.ended_at = ended.exit_code, ended.finished_at or run.now()
    report.seconds = round((moment(report.ended_at) - moment(ended.started_at)).total_seconds(), 3)
    if not report.problem and ended.exit_code != 0:
        report.problem = ended.told_exit
    run.record.timings["migration_s"] = report.seconds


def _failure(run: Run, report: CommandReport) -> MigrationFailed:
    run.record.last_logs = [f"migration: {line}" for line in report.output]
    last = f"; zuletzt: {report.output[-1][:200]}" if report.output else ""
    return MigrationFailed("Die Migration der Daten ist gescheitert", observed=f"{report.problem}{last}")


def _remember(run: Run, policy: MigrationPolicy, complete: bool) -> None:
    """Who has been at the data, and which releases can no longer live with that."""
    known, target = state.load(run.paths), run.plan.target
    assert target is not None  # noqa: S101 - the plan says so
    left = [item.digest for item in (known.release, known.previous) if item and not policy.compatible]
    outdated = dict.fromkeys(digest for digest in (*known.outdated, *left) if digest != target.digest)
    migrated = Migrated(target.label, target.digest, run.record.id, run.now(), policy.compatible, complete)
    run.remember(replace(known, migrated=migrated, outdated=tuple(outdated)))
