"""The plan of a deploy: bring the stack to what compose.yml and stack.yml say."""

from __future__ import annotations

from upkeep import composition
from upkeep.composition import GATE, Composition
from upkeep.errors import Refused
from upkeep.gate import files as gate_files
from upkeep.memory import held
from upkeep.memory.release import Images, Release
from upkeep.plans import accounts, database_step
from upkeep.plans.plan import GateChange, Plan
from upkeep.plans.situation import Situation, available, known_images
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports.docker import Container, by_service
from upkeep.ports.registry import Resolved


def deployment(situation: Situation) -> Plan:
    """First install or later deploy. Writes nothing."""
    current = situation.state.release
    return _later_deploy(situation, current) if current else _first_install(situation)


def _first_install(situation: Situation) -> Plan:
    policy = situation.policy
    resolved, target = available(situation)
    gate = situation.resolve_service(policy.gate_image).pinned
    mongodb = situation.resolve_service(policy.mongodb.image).pinned if policy.mongodb else None
    compose = composition.read(situation.paths.compose_file, situation.paths.home)
    return Plan(
        release=None,
        target=target,
        images_before=situation.state.images,
        images=Images(target.image, gate, mongodb),
        slots=True,
        services=_others(compose, policy),
        accounts=policy.mongodb is not None,
        gate=GateChange.REPLACE,
        size_bytes=resolved.size_bytes,
        architecture=resolved.architecture,
        references=policy.references,
        hashes=_hashes(situation, compose, None),
        pin=_pin(policy, target),
        message=f"Erste Installation: {target.label}",
    )


def _later_deploy(situation: Situation, current: Release) -> Plan:
    _refuse_database_step(situation)
    resolved, target = _pinned_target(situation, current)
    images = known_images(situation.state).with_app(target.image)
    gate_reference = str(situation.policy.gate_image)
    if gate_reference != situation.state.references.get("gate"):
        images = Images(images.app, situation.resolve_service(situation.policy.gate_image).pinned, images.mongodb)
    return _differences(situation, current, target, images, resolved)


def _differences(
    situation: Situation, current: Release, target: Release, images: Images, resolved: Resolved | None
) -> Plan:
    paths, known, policy = situation.paths, situation.state, situation.policy
    compose = composition.read(paths.compose_file, paths.home)
    snapshot = paths.snapshot(current.snapshot or "")
    deployed = composition.read(snapshot.compose_file, paths.home)
    changed = compose.changed_since(deployed)
    hashes = _hashes(situation, compose, policies.read(snapshot.policy_file, paths.name))
    running = by_service(item for item in situation.ports.docker.containers(paths.name) if item.running)
    others = tuple(name for name in _others(compose, policy) if name in changed or name not in running)
    plan = Plan(
        release=current,
        target=target,
        images_before=known.images,
        images=images,
        services=others,
        accounts=hashes["accounts"] != known.hashes.get("accounts") or bool(accounts.superseded(policy, hashes)),
        slots=_slots_differ(situation, target, changed, running) or hashes["app"] != known.hashes.get("app"),
        gate=_gate_change(situation, images, changed, running, hashes),
        size_bytes=resolved.size_bytes if resolved else 0,
        architecture=resolved.architecture if resolved else "",
        references=policy.references | database_step.differing(situation),
        hashes=hashes,
        pin=(str(policy.image.reference), resolved.digest) if resolved else known.pin,
    )
    return _with_message(plan, situation)


def _with_message(plan: Plan, situation: Situation) -> Plan:
    label = plan.target.label if plan.target else "?"
    away = plan.pin and plan.target and plan.pin[1] in situation.state.held and plan.pin[1] != plan.target.digest
    note = f" Der Pin {plan.pin[0]} ist nach einem Zurückrollen zurückgehalten." if away and plan.pin else ""
    text = f"Änderungen für {label} werden angewendet." if plan.changed else f"Alles ist, wie es sein soll ({label})."
    notes = note + database_step.note(situation) + held.note(situation.state)
    return Plan(**{**plan.__dict__, "message": text + notes})


def _pinned_target(situation: Situation, current: Release) -> tuple[Resolved | None, Release]:
    """With a channel the running release stays. With a pin it becomes the pin, unless that digest is held."""
    choice, known = situation.policy.image, situation.state
    already = known.pin is not None and known.pin[0] == str(choice.reference)
    settled = already and known.pin is not None and known.pin[1] in (current.digest, *known.held)
    if not choice.pinned or (settled and not situation.force):
        return None, current
    resolved, target = available(situation)
    if target.digest == current.digest or (target.digest in known.held and not situation.force):
        return resolved, current
    return resolved, target


def _refuse_database_step(situation: Situation) -> None:
    wanted = str(situation.policy.mongodb.image) if situation.policy.mongodb else None
    references = situation.state.references
    running = database_step.running(references)
    if wanted in (references.get(database_step.SERVICE), running):
        return
    step = f"`upkeep update {situation.paths.name} --service mongodb --to {wanted}`"
    raise Refused(
        "Ein Deploy wechselt die Datenbank nicht",
        observed=wanted or "keine Datenbank",
        limit=running or "keine Datenbank",
        next_step=f"Den Versionswechsel macht {step}; sonst databases im Inventar zurückstellen."
        if wanted and running
        else "databases im Inventar zurückstellen.",
    )


def _slots_differ(
    situation: Situation, target: Release, changed: frozenset[str], running: dict[str, Container]
) -> bool:
    names = situation.policy.app.slot_names
    as_wanted = all(name in running and running[name].digest == target.digest for name in names)
    return not as_wanted or any(name in changed for name in names) or _surplus(situation, names)


def _surplus(situation: Situation, names: tuple[str, ...]) -> bool:
    """Containers of slots that are no longer wanted."""
    slots = (item for item in situation.ports.docker.containers(situation.paths.name) if item.role == "app")
    return any(item.service not in names for item in slots)


def _gate_change(
    situation: Situation, images: Images, changed: frozenset[str], running: dict[str, Container], hashes: dict[str, str]
) -> GateChange:
    known = situation.state
    new_image = known.images is not None and known.images.gate != images.gate
    if new_image or GATE in changed or GATE not in running:
        return GateChange.REPLACE
    return GateChange.RELOAD if hashes["gate"] != known.hashes.get("gate") else GateChange.NONE


def _others(compose: Composition, policy: Policy) -> tuple[str, ...]:
    return tuple(name for name in compose.services if name != GATE and name not in policy.app.slot_names)


def _pin(policy: Policy, target: Release) -> tuple[str, str] | None:
    return (str(policy.image.reference), target.digest) if policy.image.pinned else None


def _hashes(situation: Situation, compose: Composition, before: Policy | None) -> dict[str, str]:
    policy = situation.policy
    slot_files = [
        file
        for slot in policy.app.slot_names
        for file in (*compose.mounted_files(slot), *compose.environment_files(slot))
    ]
    mongodb = policy.mongodb
    users = mongodb.users if mongodb else ()
    passwords = [user.password_file for user in users] + ([mongodb.root_password_file] if mongodb else [])
    return {
        "app": composition.content_hash(slot_files),
        "files": composition.files_hash(situation.paths.compose_file, situation.paths.policy_file),
        "gate": gate_files.fingerprint(gate_files.wanted(situation.paths)),
        "accounts": composition.content_hash(passwords, [(user.name, user.roles) for user in users]),
        **accounts.hashes_of(policy, before, situation.state.hashes),
    }
