"""`upkeep repair`: what is wrong with the agent's memory of a stack, and what would mend it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from upkeep.errors import JournalCorrupt, JournalTooNew
from upkeep.gate import maintenance
from upkeep.layout import StackPaths
from upkeep.memory import audit, evidence, journal, release, state
from upkeep.memory.release import Images, Release
from upkeep.memory.state import State
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.docker import by_service


@dataclass(frozen=True)
class Judgement:
    """`problems` and `steps` in the operator's words. `state`: what is to be remembered from now on. `start`: whether
    the app has to be brought up. `journals`: damaged ones."""

    problems: tuple[str, ...]
    steps: tuple[str, ...]
    state: State
    policy: Policy
    journals: tuple[Path, ...]
    audit_broken: bool
    maintenance_broken: bool
    start: bool
    closed: bool

    @property
    def message(self) -> str:
        return " ".join(self.problems) or "Es gibt nichts zu reparieren."

    def answer(self) -> dict[str, Any]:
        """In the shape of a plan, for `upkeep repair` without --yes and for check mode."""
        return {
            "changed": bool(self.problems),
            "diff": {"before": "".join(f"{text}\n" for text in self.problems), "after": ""},
            "steps": list(self.steps),
            "message": self.message,
        }


def judge(paths: StackPaths, ports: Ports) -> Judgement:
    """Raises what Docker and the policy raise: without them nothing can be judged."""
    policy = policies.read(paths.policy_file, paths.name)
    journals, chain = _damaged(paths), audit.verify(paths)
    known, state_problem = _believed(paths, ports, policy, bool(journals))
    closed, notice_problem = _notice(paths)
    start = not known.overtaken and _must_start(paths, ports, policy, known.release)
    problems = [f"Das Journal {path.stem} ist beschädigt." for path in journals]
    problems += [f"{known.attention.rstrip('.')}."] if known.attention and not journals else []
    problems += [text for text in (state_problem, notice_problem) if text]
    problems += [f"{chain.problem}."] if chain.problem else []
    broken = bool(problems)
    reopens = broken and closed and not known.overtaken
    if broken and known.overtaken and known.release:
        problems.append(f"{known.release.label} passt nicht mehr zu den Daten; die Wartungsseite bleibt eingeschaltet.")
    return Judgement(
        problems=tuple(problems),
        steps=tuple(_steps(paths, known, journals, chain, notice_problem, broken and start, reopens)),
        state=replace(known, attention=None),
        policy=policy,
        journals=journals,
        audit_broken=chain.problem is not None,
        maintenance_broken=notice_problem is not None,
        start=start,
        closed=closed,
    )


def _damaged(paths: StackPaths) -> tuple[Path, ...]:
    found = list(paths.runs.glob("*.corrupt"))
    for run_id, reading in journal.readings(paths):
        if isinstance(reading, JournalTooNew):
            raise reading
        if isinstance(reading, JournalCorrupt):
            found.append(journal.path_of(paths, run_id))
    return tuple(sorted(found))


def _believed(paths: StackPaths, ports: Ports, policy: Policy, damaged: bool) -> tuple[State, str | None]:
    """The remembered state, or what the evidence says where that is not to be believed; and why."""
    try:
        known = state.load(paths)
    except JournalCorrupt as exc:
        return evidence.rebuilt(paths, ports, policy), str(exc.what) + f" ({exc.observed})."
    if known.release is None:
        return known, None
    if damaged and _other_release_runs(paths, ports, known.release):
        told = evidence.rebuilt(paths, ports, policy)
        previous = known.release if policy.migration is None else None
        return replace(told, previous=previous), f"Es läuft nicht {known.release.label}, wie state.json sagt."
    if damaged:
        return replace(known, images=_committed(paths, known.images, known.release)), None
    if release.edited_by_hand(paths, known.env_hash):
        return known, f"{paths.release_env} ist nicht so, wie der Agent sie geschrieben hat."
    return known, None


def _committed(paths: StackPaths, images: Images | None, current: Release) -> Images | None:
    """The images of the release that was committed last: an update cut short may have written others since."""
    kept = release.read(paths.snapshot(current.snapshot or "").directory / "release.env")
    return kept if kept and kept.app == current.image else images and images.with_app(current.image)


def _other_release_runs(paths: StackPaths, ports: Ports, remembered: Release) -> bool:
    running = {item.digest for item in ports.docker.containers(paths.name) if item.role == "app" and item.running}
    return bool(running) and remembered.digest not in running


def _notice(paths: StackPaths) -> tuple[bool, str | None]:
    """Whether a run keeps the gate shut, and what is wrong with maintenance.json. Unreadable counts as shut."""
    try:
        return maintenance.load(paths).run is not None, None
    except JournalCorrupt:
        return True, f"{paths.maintenance_file} ist nicht lesbar."


def _must_start(paths: StackPaths, ports: Ports, policy: Policy, wanted: Release | None) -> bool:
    if wanted is None:
        return False
    found = by_service(ports.docker.containers(paths.name))
    slots = [found.get(slot) for slot in policy.app.slot_names]
    return any(slot is None or not slot.running or slot.digest != wanted.digest for slot in slots)


def _steps(
    paths: StackPaths,
    known: State,
    journals: tuple[Path, ...],
    chain: audit.Chain,
    notice_problem: str | None,
    start: bool,
    closed: bool,
) -> list[str]:
    label = known.release.label if known.release else "noch nicht ausgerollt"
    steps = [f"Journal beiseitelegen: {path.stem}" for path in journals]
    steps += [f"{paths.audit_log.name} beiseitelegen und ein neues beginnen"] if chain.problem else []
    steps += [f"{paths.maintenance_file.name} neu schreiben"] if notice_problem else []
    steps.append(f"state.json und release.env schreiben: {label}, vorige {_label(known.previous)}")
    steps += [f"Anwendung starten und prüfen: {label}"] if start else []
    steps += ["Wartungsseite des abgebrochenen Laufs ausschalten, sobald die Anwendung bereit ist"] if closed else []
    changed = journals or chain.problem or notice_problem or start or closed
    return steps if changed or known.attention or _writes(paths, known) else []


def _writes(paths: StackPaths, known: State) -> bool:
    try:
        return state.load(paths) != known or release.edited_by_hand(paths, known.env_hash)
    except JournalCorrupt:
        return True


def _label(some: Release | None) -> str:
    return some.label if some else "keine"
