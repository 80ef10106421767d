"""Deciding the plan of each operation from policy, state, the files Ansible placed and what really runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upkeep import composition, reference, release, state
from upkeep import policy as policies
from upkeep.composition import GATE, Composition
from upkeep.errors import DockerFailed, Refused
from upkeep.journal import Operation
from upkeep.layout import StackPaths
from upkeep.plan import GateChange, Plan
from upkeep.policy import Policy
from upkeep.ports import Ports
from upkeep.ports.docker import Container
from upkeep.ports.registry import Resolved
from upkeep.reference import Reference
from upkeep.release import Images, Release
from upkeep.state import State


@dataclass(frozen=True)
class Situation:
    """Everything a decision looks at."""

    paths: StackPaths
    ports: Ports
    policy: Policy
    state: State
    force: bool
    wanted: str | None

    @classmethod
    def read(cls, paths: StackPaths, ports: Ports, options: dict[str, Any]) -> Situation:
        policy = policies.read(paths.policy_file, paths.name)
        return cls(paths, ports, policy, state.load(paths), bool(options.get("force")), options.get("to"))

    def resolve(self, wanted: Reference) -> Resolved:
        return self.ports.registry.resolve(wanted, self.ports.docker.host())


def make(situation: Situation, operation: Operation) -> Plan:
    """Raises Refused (and what the ports raise). Writes nothing."""
    if operation is Operation.DEPLOY:
        return _deploy(situation) if situation.state.release else _first_install(situation)
    current = situation.state.release
    if current is None:
        raise Refused(
            f"„{situation.paths.name}“ ist noch nicht ausgerollt",
            next_step=f"Zuerst: `upkeep deploy {situation.paths.name}` oder das Playbook deploy.yml.",
        )
    return _rollback(situation, current) if operation is Operation.ROLLBACK else _update(situation, current)


def available(situation: Situation) -> tuple[Resolved, Release]:
    """What the channel (or pin) offers now."""
    resolved = situation.resolve(situation.policy.image.reference)
    return resolved, Release(resolved.pinned, resolved.digest, resolved.version)


def _update(situation: Situation, current: Release) -> Plan:
    resolved = situation.resolve(target_reference(situation))
    target = Release(resolved.pinned, resolved.digest, resolved.version, snapshot=current.snapshot)
    if target.digest == current.digest:
        return _unchanged(situation, f"{current.label} läuft schon; es gibt nichts Neueres.")
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
    if wanted.startswith("sha256:"):
        return reference.parse(f"{channel.repository}@{wanted}")
    if "/" in wanted or "@" in wanted or ":" in wanted:
        return reference.parse(wanted)
    return reference.parse(f"{channel.repository}:{wanted}")


def refuse_held(situation: Situation, target: Release) -> None:
    if target.digest in situation.state.held and not situation.force:
        raise Refused(
            f"{target.label} wurde zurückgerollt und ist zurückgehalten",
            next_step=f"Auf eine neuere warten, oder erzwingen: `upkeep update {situation.paths.name} --force`.",
        )


def refuse_downgrade(situation: Situation, target: Release, current: Release) -> None:
    if release.older(target.version, current.version) and not situation.force:
        raise Refused(
            "Das wäre ein Rückschritt auf eine ältere Version",
            observed=target.label,
            limit=f"{current.label} oder neuer",
            next_step=f"Zurück geht es mit `upkeep rollback {situation.paths.name}`, sonst mit --force.",
        )


def _rollback(situation: Situation, current: Release) -> Plan:
    previous = situation.state.previous
    if previous is None:
        raise Refused(
            f"Für „{situation.paths.name}“ gibt es nichts, worauf zurückgerollt werden könnte",
            observed=f"nur {current.label} ist bekannt",
            next_step=f"Eine bestimmte Version: `upkeep update {situation.paths.name} --to <Version> --force`.",
        )
    target = Release(previous.image, previous.digest, previous.version, snapshot=current.snapshot)
    return _replacement(situation, current, target, None)


def _replacement(situation: Situation, current: Release, target: Release, resolved: Resolved | None) -> Plan:
    """Other code with everything else as it is: runs with the snapshot that is deployed now."""
    images = known_images(situation.state)
    return Plan(
        release=current,
        target=target,
        images_before=images,
        images=images.with_app(target.image),
        slots=True,
        source=current.snapshot,
        size_bytes=resolved.size_bytes if resolved else 0,
        architecture=resolved.architecture if resolved else "",
        references=situation.state.references,
        hashes=situation.state.hashes,
        pin=situation.state.pin,
        message=f"{current.label} → {target.label}",
    )


def _unchanged(situation: Situation, message: str) -> Plan:
    known = situation.state
    return Plan(known.release, known.release, known.images, known.images, message=message)


def _first_install(situation: Situation) -> Plan:
    policy = situation.policy
    resolved, target = available(situation)
    gate = situation.resolve(policy.gate_image).pinned
    mongodb = situation.resolve(policy.mongodb.image).pinned if policy.mongodb else None
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
        references=_references(policy),
        hashes=_hashes(situation, compose),
        pin=_pin(policy, target),
        message=f"Erste Installation: {target.label}",
    )


def _deploy(situation: Situation) -> Plan:
    current = situation.state.release
    assert current is not None  # noqa: S101 - make() looked
    _refuse_database_step(situation)
    resolved, target = _pinned_target(situation, current)
    images = known_images(situation.state).with_app(target.image)
    gate_reference = str(situation.policy.gate_image)
    if gate_reference != situation.state.references.get("gate"):
        images = Images(images.app, situation.resolve(situation.policy.gate_image).pinned, images.mongodb)
    return _differences(situation, current, target, images, resolved)


def _differences(
    situation: Situation, current: Release, target: Release, images: Images, resolved: Resolved | None
) -> Plan:
    paths, known = situation.paths, situation.state
    compose = composition.read(paths.compose_file, paths.home)
    deployed = composition.read(paths.snapshot(current.snapshot or "").compose_file, paths.home)
    changed = compose.changed_since(deployed)
    hashes = _hashes(situation, compose)
    running = {item.service: item for item in situation.ports.docker.containers(paths.name) if item.running}
    others = tuple(name for name in _others(compose, situation.policy) if name in changed or name not in running)
    plan = Plan(
        release=current,
        target=target,
        images_before=known.images,
        images=images,
        services=others,
        accounts=hashes["accounts"] != known.hashes.get("accounts"),
        slots=_slots_differ(situation, target, changed, running) or hashes["app"] != known.hashes.get("app"),
        gate=_gate_change(situation, images, changed, running, hashes),
        size_bytes=resolved.size_bytes if resolved else 0,
        architecture=resolved.architecture if resolved else "",
        references=_references(situation.policy),
        hashes=hashes,
        pin=_pin(situation.policy, target) if resolved else known.pin,
    )
    return _with_message(plan, situation)


def _with_message(plan: Plan, situation: Situation) -> Plan:
    label = plan.target.label if plan.target else "?"
    held = plan.pin and plan.target and plan.pin[1] in situation.state.held and plan.pin[1] != plan.target.digest
    note = f" Der Pin {plan.pin[0]} ist nach einem Zurückrollen zurückgehalten." if held and plan.pin else ""
    text = f"Änderungen für {label} werden angewendet." if plan.changed else f"Alles ist, wie es sein soll ({label})."
    return Plan(**{**plan.__dict__, "message": text + note})


def _pinned_target(situation: Situation, current: Release) -> tuple[Resolved | None, Release]:
    """With a channel the running release stays. With a pin it becomes the pin, unless that digest is held."""
    choice, known = situation.policy.image, situation.state
    already = known.pin is not None and known.pin[0] == str(choice.reference)
    settled = already and known.pin is not None and known.pin[1] in (current.digest, *known.held)
    if not choice.pinned or (settled and not situation.force):
        return None, current
    resolved, target = available(situation)
    if target.digest == current.digest:
        return resolved, current
    if already:
        refuse_held(situation, target)
    return resolved, target


def _refuse_database_step(situation: Situation) -> None:
    wanted = str(situation.policy.mongodb.image) if situation.policy.mongodb else None
    known = situation.state.references.get("mongodb")
    if wanted != known:
        raise Refused(
            "Ein Deploy wechselt die Datenbank nicht",
            observed=wanted or "keine Datenbank",
            limit=known or "keine Datenbank",
            next_step="databases im Inventar zurückstellen; Versionswechsel der Datenbank kommen später.",
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


def _references(policy: Policy) -> dict[str, str]:
    mongodb = {"mongodb": str(policy.mongodb.image)} if policy.mongodb else {}
    return {"gate": str(policy.gate_image)} | mongodb


def _pin(policy: Policy, target: Release) -> tuple[str, str] | None:
    return (str(policy.image.reference), target.digest) if policy.image.pinned else None


def _hashes(situation: Situation, compose: Composition) -> dict[str, str]:
    policy = situation.policy
    slot_files = [file for slot in policy.app.slot_names for file in compose.files_of(slot)]
    mongodb = policy.mongodb
    users = mongodb.users if mongodb else ()
    passwords = [user.password_file for user in users] + ([mongodb.root_password_file] if mongodb else [])
    return {
        "app": composition.content_hash(slot_files),
        "gate": composition.content_hash(composition.gate_files(situation.paths.gate_directory)),
        "accounts": composition.content_hash(passwords, [(user.name, user.roles) for user in users]),
    }


def known_images(known: State) -> Images:
    if known.images is None:
        raise DockerFailed("Der Agent weiß nicht, welche Abbilder laufen", next_step="`upkeep deploy` ausführen.")
    return known.images
