"""The plan of `upkeep update STACK --service mongodb --to REF`: the database's image changes, nothing else does."""

from __future__ import annotations

from dataclasses import replace

from upkeep.errors import BadRequest, Refused
from upkeep.memory.release import Images, Release
from upkeep.plans.plan import Plan
from upkeep.plans.situation import Situation, known_images
from upkeep.policy.stack import MongoPolicy
from upkeep.versions import reference
from upkeep.versions.reference import Reference

SERVICE = "mongodb"
RUNNING = "database"  # in the state's references: what runs, where that is not what the inventory says


def planned(situation: Situation, current: Release) -> Plan:
    """Raises Refused, and BadRequest for a service that has no versions of its own."""
    mongodb = _policy(situation)
    wanted = _wanted(situation, mongodb)
    images = known_images(situation.state)
    resolved = situation.resolve_service(wanted)
    if resolved.pinned == images.mongodb:
        return _plan(situation, current, images, f"{wanted} läuft schon.")
    plan = _plan(
        situation,
        current,
        replace(images, mongodb=resolved.pinned),
        f"MongoDB: {running(situation.state.references) or '?'} → {wanted}",
    )
    return replace(
        plan,
        services=(SERVICE,),
        database=str(wanted),
        size_bytes=resolved.size_bytes,
        architecture=resolved.architecture,
        references=_references(situation, wanted, mongodb),
    )


def _plan(situation: Situation, current: Release, images: Images, message: str) -> Plan:
    known = situation.state
    return Plan(
        release=current,
        target=current,
        images_before=known.images,
        images=images,
        source=current.snapshot,
        references=known.references,
        hashes=known.hashes,
        pin=known.pin,
        message=message,
    )


def _policy(situation: Situation) -> MongoPolicy:
    if situation.service != SERVICE:
        raise BadRequest(
            "Diesen Dienst kann man nicht einzeln aktualisieren", observed=situation.service, limit=SERVICE
        )
    if situation.policy.mongodb is None:
        raise Refused(
            f"„{situation.paths.name}“ hat keine MongoDB", next_step="`--service mongodb` weglassen für die Anwendung."
        )
    return situation.policy.mongodb


def _wanted(situation: Situation, mongodb: MongoPolicy) -> Reference:
    """What the caller names; by a tag or digest alone, of the repository the inventory names."""
    text, known = situation.wanted, mongodb.image
    if not text or text == "available":
        return known
    wanted = reference.named(text, known)
    if wanted.repository != known.repository:
        raise Refused(
            f"{wanted} ist nicht das Abbild, das im Inventar steht",
            observed=wanted.repository,
            limit=known.repository,
            next_step="databases.mongodb.image im Inventar ändern, wenn das Absicht ist.",
        )
    return wanted


def running(references: dict[str, str]) -> str | None:
    """The name of the database's image that runs, as it was last ordered."""
    return references.get(RUNNING) or references.get(SERVICE)


def differing(situation: Situation) -> dict[str, str]:
    """What a deploy must not forget: the database runs with another image than the inventory names."""
    mongodb, actual = situation.policy.mongodb, running(situation.state.references)
    return {RUNNING: actual} if mongodb and actual and actual != str(mongodb.image) else {}


def note(situation: Situation) -> str:
    """A sentence to put behind a deploy's message; empty when inventory and database agree."""
    other = differing(situation).get(RUNNING)
    known = situation.policy.mongodb.image if situation.policy.mongodb else ""
    return f" MongoDB läuft mit {other}, im Inventar steht {known}." if other else ""


def _references(situation: Situation, wanted: Reference, mongodb: MongoPolicy) -> dict[str, str]:
    kept = {name: text for name, text in situation.state.references.items() if name != RUNNING}
    return kept if str(wanted) == kept.get(SERVICE) else kept | {RUNNING: str(wanted)}
