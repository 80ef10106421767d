"""Deciding the plan of each operation from policy, state, the files Ansible placed and what really runs."""

from __future__ import annotations

from upkeep import composition
from upkeep.errors import Refused
from upkeep.memory import held
from upkeep.memory.journal import Operation
from upkeep.memory.release import Release
from upkeep.plans import database_step, way
from upkeep.plans.deployment import deployment
from upkeep.plans.plan import Plan
from upkeep.plans.situation import Situation, known_images, refuse_held, refuse_outdated
from upkeep.ports.registry import Resolved
from upkeep.versions import ranges as versions
from upkeep.versions import reference
from upkeep.versions.reference import Reference


def make(situation: Situation, operation: Operation) -> Plan:
    """Raises Refused (and what the ports raise). Writes nothing."""
    plan = way.accompanied(situation, way.chosen(situation, _made(situation, operation)), operation)
    if plan.changed and plan.target:
        refuse_outdated(situation, plan.target)
    return plan


def _made(situation: Situation, operation: Operation) -> Plan:
    if operation is Operation.DEPLOY:
        return deployment(situation)
    current = situation.state.release
    if current is None:
        raise Refused(
            f"„{situation.paths.name}“ ist noch nicht ausgerollt",
            next_step=f"Zuerst: `upkeep deploy {situation.paths.name}` oder das Playbook deploy.yml.",
        )
    if operation is Operation.ROLLBACK:
        return _rollback(situation, current)
    return database_step.planned(situation, current) if situation.service else _update(situation, current)


def _update(situation: Situation, current: Release) -> Plan:
    wanted = target_reference(situation)
    resolved = situation.offered() if wanted == situation.policy.image.reference else situation.resolve(wanted)
    target = Release(resolved.pinned, resolved.digest, resolved.version, snapshot=current.snapshot)
    if target.digest == current.digest:
        return _unchanged(situation, f"{current.label} läuft schon; es gibt nichts Neueres.")
    if situation.holds(target) and situation.wanted in (None, "", "available"):
        return _unchanged(situation, f"{current.label} läuft weiter, denn die neueste Version ist zurückgehalten.")
    refuse_held(situation, target)
    refuse_downgrade(situation, target, current)
    return _replacement(situation, current, target, resolved)


def target_reference(situation: Situation) -> Reference:
    """What `update` installs: the channel, what the last check found („available“), or what the caller names."""
    channel, wanted, known = situation.policy.image.reference, situation.wanted, situation.state.available
    if wanted == "available" and known and known.digest not in situation.state.held:
        return channel.pinned(known.digest)
    if wanted in (None, "", "available"):
        return channel
    return reference.named(wanted, channel)


def refuse_downgrade(situation: Situation, target: Release, current: Release) -> None:
    if versions.older(target.version, current.version) and not situation.force:
        raise Refused(
            "Das wäre ein Rückschritt auf eine ältere Version",
            observed=target.label,
            limit=f"{current.label} oder neuer",
            next_step=f"Zurück geht es mit `upkeep rollback {situation.paths.name}`, sonst mit --force.",
        )


def _rollback(situation: Situation, current: Release) -> Plan:
    previous = situation.state.previous
    left = situation.state.returned_from
    if previous is None and left:
        return _unchanged(situation, f"{current.label} läuft schon wieder; {left.label} wurde zurückgerollt.")
    if previous is None:
        raise Refused(
            f"Für „{situation.paths.name}“ gibt es nichts, worauf zurückgerollt werden könnte",
            observed=f"nur {current.label} ist bekannt",
            next_step=f"Eine bestimmte Version: `upkeep update {situation.paths.name} --to <Version> --force`.",
        )
    target = Release(previous.image, previous.digest, previous.version, snapshot=current.snapshot)
    return _replacement(situation, current, target, None)


def _replacement(situation: Situation, current: Release, target: Release, resolved: Resolved | None) -> Plan:
    """Other code with everything else as it is: runs with the snapshot that is deployed now. Only where that release
    cannot run any more do Ansible's files count at once: what has to be mended may be the migration's own settings."""
    images, hashes, source = known_images(situation.state), situation.state.hashes, current.snapshot
    if current.digest in situation.state.outdated:
        files = composition.files_hash(situation.paths.compose_file, situation.paths.policy_file)
        hashes, source = {**hashes, "files": files}, None
    return Plan(
        release=current,
        target=target,
        images_before=images,
        images=images.with_app(target.image),
        slots=True,
        source=source,
        size_bytes=resolved.size_bytes if resolved else 0,
        architecture=resolved.architecture if resolved else "",
        references=situation.state.references,
        hashes=hashes,
        pin=situation.state.pin,
        message=f"{current.label} → {target.label}",
    )


def _unchanged(situation: Situation, message: str) -> Plan:
    known = situation.state
    return Plan(known.release, known.release, known.images, known.images, message=message + held.note(known))
