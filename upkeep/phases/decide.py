"""Phase plan: what this run is going to do, or that there is nothing to do."""

from __future__ import annotations

from dataclasses import replace

from upkeep.errors import PolicyInvalid, Refused
from upkeep.gate import files as gate_files
from upkeep.layout import StackPaths
from upkeep.memory import release, state
from upkeep.memory.journal import Operation
from upkeep.memory.release import Release
from upkeep.plans import planning
from upkeep.plans.situation import Situation
from upkeep.policy.stack import Policy
from upkeep.runs.run import Run


def decide(run: Run) -> str:
    situation = Situation.read(run.paths, run.ports, run.record.options)
    run.record.before = situation.state.release
    refuse_at_once(situation, run.record.operation)
    if situation.force:
        _take_release_env_back(run, situation)
    plan = planning.make(situation, run.record.operation)
    if situation.force and plan.target:
        _believe_data_is_back(run, plan.target)
    run.record.plan = plan.dump()
    run.record.before, run.record.after = plan.release, plan.target
    if not plan.changed:
        _refresh_snapshot(run, plan.release)
    return plan.message


def refuse_at_once(situation: Situation, operation: Operation) -> None:
    """What can be said without asking Docker or a registry; the API says it before a run begins."""
    refuse_unsupported(situation.policy)
    refuse_attention(situation)
    refuse_registry(situation)
    if not situation.force and (situation.state.images or operation is not Operation.DEPLOY):
        release.refuse_hand_edits(situation.paths, situation.state.env_hash)
    if operation is Operation.DEPLOY and situation.state.images is None:
        _refuse_unknown_release_env(situation)
    if operation is Operation.ROLLBACK or (operation is Operation.UPDATE and situation.state.release is None):
        planning.make(situation, operation)  # needs no network, and says what is missing


def refuse_unsupported(policy: Policy) -> None:
    if policy.update.backup_before and policy.backup is None:
        raise PolicyInvalid(
            "update.backup: before_update braucht ein Sicherungsziel",
            limit="stack__backup_target",
            next_step="Es im Inventar setzen (docs/sichern.md), oder stack__backup: never.",
        )


def refuse_attention(situation: Situation) -> None:
    if situation.state.attention:
        raise Refused(
            situation.state.attention,
            next_step=f"`upkeep repair {situation.paths.name}` zeigt, was zu tun ist, mit --yes geschieht es.",
        )


def refuse_registry(situation: Situation) -> None:
    """The allow-list counts for the app's image, wherever its name comes from."""
    allowed = situation.policy.registries_allowed
    channel = situation.policy.image.reference
    for wanted in (channel, channel if situation.service else planning.target_reference(situation)):
        if wanted.registry not in allowed:
            raise Refused(
                f"Die Registry von {wanted} ist nicht erlaubt",
                observed=wanted.registry,
                limit=", ".join(allowed) or "keine",
                next_step="registries_allowed im Inventar erweitern, wenn das Absicht ist.",
            )


def _refuse_unknown_release_env(situation: Situation) -> None:
    if situation.paths.release_env.exists() and not situation.force:
        raise Refused(
            f"{situation.paths.release_env} stammt nicht von diesem Agenten",
            next_step="Die Datei entfernen, wenn der Stack neu aufgesetzt werden soll, oder --force angeben.",
        )


def _take_release_env_back(run: Run, situation: Situation) -> None:
    known = situation.state
    if known.images and release.edited_by_hand(run.paths, known.env_hash):
        run.remember(replace(known, env_hash=release.write(run.paths, known.images, run.ports.files)))


def _believe_data_is_back(run: Run, target: Release) -> None:
    """Forced on data that a later release has migrated: somebody says the data is this release's again."""
    known = state.load(run.paths)
    if target.digest in known.outdated:
        run.remember(replace(known, outdated=tuple(digest for digest in known.outdated if digest != target.digest)))


def _refresh_snapshot(run: Run, current: Release | None) -> None:
    """Nothing to restart, but times or texts of the policy may be new: the next way back uses them."""
    if run.record.operation is Operation.DEPLOY and current and current.snapshot:
        copy_files(run, run.paths.snapshot(current.snapshot).directory.name)


def copy_files(run: Run, snapshot_id: str, source: str | None = None) -> None:
    """Copy compose.yml, stack.yml and the gate's files from Ansible's place (or another snapshot) into a snapshot."""
    origin: StackPaths | object = run.paths.snapshot(source) if source else run.paths
    target = run.paths.snapshot(snapshot_id)
    for name in ("compose_file", "policy_file"):
        text = getattr(origin, name).read_text(encoding="utf-8")
        place = getattr(target, name)
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            run.ports.files.write(place, text)
    gate = gate_files.of_release(run.paths, run.paths.snapshot(source)) if source else gate_files.wanted(run.paths)
    gate_files.copy(gate, target.gate_directory, run.ports.files)
