"""The plan of a takeover: a first install that begins with the release that is running."""

from __future__ import annotations

from dataclasses import replace

from upkeep.adoption.survey import Survey
from upkeep.errors import Refused
from upkeep.memory.release import Images, Release
from upkeep.plans.plan import Plan
from upkeep.versions import reference
from upkeep.versions.reference import Reference


def running_release(found: Survey, channel: Reference) -> Release | None:
    """The release the application runs now, if it came from where the stack's releases come from."""
    app = found.app
    for pinned in app.digests if app else ():
        known = reference.parse(pinned)
        if (known.registry, known.path) == (channel.registry, channel.path) and known.digest:
            return Release(str(channel.pinned(known.digest)), known.digest, app.version if app else None)
    return None


def with_release(plan: Plan, release: Release | None, found: Survey) -> Plan:
    """Nothing but its surroundings changes for the application: same digest, same data."""
    if plan.images is None:
        raise Refused("Der Plan nennt keine Abbilder")
    if release is None:
        return replace(plan, message=f"Übernahme von „{found.project}“")
    images = Images(release.image, plan.images.gate, plan.images.mongodb)
    message = f"Übernahme von „{found.project}“ mit {release.label}"
    return replace(plan, target=release, images=images, size_bytes=0, architecture="", message=message)
