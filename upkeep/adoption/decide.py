"""Deciding a takeover: first for whoever asks what would happen, then again, the same way, for the run itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from upkeep import room
from upkeep.adoption import memory, problems, report
from upkeep.adoption.memory import Retired, Store, Takeover
from upkeep.adoption.plan import running_release, with_release
from upkeep.adoption.survey import Fate, Survey, survey
from upkeep.adoption.wish import Taker, Wish, taker
from upkeep.errors import Refused
from upkeep.layout import StackPaths
from upkeep.memory import state
from upkeep.memory.journal import Operation
from upkeep.memory.release import Release
from upkeep.memory.state import State
from upkeep.phases.decide import refuse_at_once
from upkeep.plans import deployment
from upkeep.plans.plan import Plan
from upkeep.plans.situation import Situation
from upkeep.ports import Ports
from upkeep.runs.run import Run


def answer(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    """For the question what would happen. Writes nothing; `problems` are what would keep it from happening."""
    known, wish = state.load(paths), Wish.parse(options)
    if done := _done(paths, ports, known, wish):
        adopted = memory.recall(paths)
        return _told(False, [], [], done, adopted.project if adopted else wish.project)
    asked = taker(paths, options)
    found = survey(wish, asked, ports)
    release = running_release(found, asked.policy.image.reference)
    plan = _sketch(asked, paths, ports, release, known)
    wrong = problems.problems(found, asked, ports) + _space(found, asked, paths, ports)
    return _told(True, report.lines(found, asked, plan), wrong, f"Übernahme von „{found.project}“", found.project)


def _told(changed: bool, steps: list[str], wrong: list[str], message: str, project: str) -> dict[str, Any]:
    after = "\n".join((*steps, ""))
    diff = {"before": "", "after": after if changed else ""}
    told = {"changed": changed, "diff": diff, "steps": steps, "problems": wrong, "message": message}
    return told | {"project": project}


def _sketch(asked: Taker, paths: StackPaths, ports: Ports, release: Release | None, known: State) -> Plan:
    """As much of the plan as the report tells."""
    if release is None:
        situation = Situation(paths, ports, asked.policy, known, False, None)
        offered = situation.offered()
        release = Release(offered.pinned, offered.digest, offered.version)
    return Plan(None, release, None, None)


def decide(run: Run) -> str:
    situation = Situation.read(run.paths, run.ports, run.record.options)
    wish = Wish.parse(run.record.options)
    if done := _done(run.paths, run.ports, situation.state, wish):
        current = situation.state.release
        run.record.plan = Plan(current, current, situation.state.images, situation.state.images, message=done).dump()
        return done
    refuse_at_once(situation, Operation.DEPLOY)
    asked = taker(run.paths, {})
    found = survey(wish, asked, run.ports)
    wrong = problems.problems(found, asked, run.ports) + _space(found, asked, run.paths, run.ports)
    if wrong:
        raise Refused(" ".join(wrong))
    if situation.state.release:
        situation = _forget_removed(run, situation)
    release = running_release(found, asked.policy.image.reference)
    plan = with_release(deployment.deployment(situation), release, found)
    run.record.plan, run.record.after = plan.dump(), plan.target
    run.record.takeover = _takeover(run, found, asked).dump()
    return plan.message


def _done(paths: StackPaths, ports: Ports, known: State, wish: Wish) -> str | None:
    """What to say when there is nothing left to do; Refused when this stack has a life of its own already."""
    if known.release is None or not ports.neighbours.occupants(paths.name):
        return None
    adopted = memory.recall(paths)
    if adopted and (wish.project == adopted.project or wish.folder == adopted.directory):
        return (
            f"„{adopted.project}“ ist schon übernommen ({adopted.at[:10]}); {known.release.label} läuft. "
            f"Die Kopie der Daten von damals liegt in {adopted.copies}."
        )
    raise Refused(
        f"Der Stack „{paths.name}“ ist schon ausgerollt",
        observed=known.release.label,
        limit="ein Stack, der noch nie ausgerollt wurde",
        next_step="Dem Stack für die Übernahme einen anderen Namen geben.",
    )


def _forget_removed(run: Run, situation: Situation) -> Situation:
    """The stack was here once and has been removed: what it ran then is not what runs now."""
    forgotten = State(held=situation.state.held, owned=situation.state.owned)
    run.ports.files.remove(run.paths.release_env)
    run.remember(forgotten)
    return replace(situation, state=forgotten)


def _takeover(run: Run, found: Survey, asked: Taker) -> Takeover:
    place = memory.copies(run.paths, run.record.id)
    stores = tuple(
        Store(item.label, item.mount.path, str(place / str(number)), item.part.fate is Fate.APP and item.strangers > 0)
        for number, item in enumerate(found.holdings, 1)
    )
    retired = tuple(Retired(item.id, item.service, item.restart, item.grace, item.running) for item in found.stopping)
    user, group = asked.app_user
    app = found.app.id if found.app else ""
    return Takeover(found.project, found.directory, retired, stores, found.ports, app, user, group)


def _space(found: Survey, asked: Taker, paths: StackPaths, ports: Ports) -> list[str]:
    needed = sum(item.size for item in found.holdings) // room.MEGABYTE + asked.policy.update.minimum_free_mb
    free = room.free(ports.files, paths.data)
    if free >= needed:
        return []
    return [f"Für die Kopie der Daten fehlt Platz in {paths.data}: {free} MB frei, nötig sind {needed} MB."]
