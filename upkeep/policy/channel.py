"""Where a stack's releases come from, as its policy says: a channel, a channel with a range of versions, or a pin."""

from __future__ import annotations

from dataclasses import dataclass, replace

from upkeep.errors import BadRequest, PolicyInvalid
from upkeep.policy.fields import Fields
from upkeep.versions import ranges as versions
from upkeep.versions import reference
from upkeep.versions.ranges import Range
from upkeep.versions.reference import Reference


@dataclass(frozen=True)
class ImageChoice:
    """Where releases come from: a channel (a tag that moves, or a repository whose highest version in a range counts)
    or a pin (a tag or digest that must run). With `versions` the reference has no tag."""

    reference: Reference
    pinned: bool
    versions: Range | None = None

    def __str__(self) -> str:
        return f"{self.reference} {self.versions}" if self.versions else str(self.reference)


def choice(fields: Fields) -> ImageChoice:
    for key in ("channel", "pin", "versions"):
        fields.take(key, None)
    if fields.has("channel") == fields.has("pin"):
        both = "beides" if fields.has("pin") else "nichts davon"
        raise PolicyInvalid(f"{fields.where}: image braucht channel oder pin", observed=both, limit="genau eines")
    pinned = fields.has("pin")
    chosen = reference_in(fields, "pin" if pinned else "channel")
    if chosen.digest and not pinned:
        raise fields.wrong("channel", str(chosen), "repo:tag (ein Digest ist ein pin)")
    if fields.has("versions"):
        return fields.finish(_range(fields, chosen, pinned))
    return fields.finish(ImageChoice(chosen, pinned))


def _range(fields: Fields, chosen: Reference, pinned: bool) -> ImageChoice:
    """`versions` takes the place of the channel's tag."""
    if pinned:
        raise fields.wrong("versions", fields.text("versions"), "nur mit channel; ein pin nennt genau eine Fassung")
    if fields.text("channel") != chosen.repository:
        raise fields.wrong("channel", fields.text("channel"), "Name ohne Tag, wenn versions angegeben ist")
    text = fields.text("versions")
    try:
        return ImageChoice(replace(chosen, tag=None), pinned, versions.parse(text))
    except BadRequest as exc:
        raise fields.wrong("versions", text, str(exc.limit)) from exc


def reference_in(fields: Fields, key: str) -> Reference:
    text = fields.text(key)
    try:
        return reference.parse(text)
    except BadRequest as exc:
        raise fields.wrong(key, text, str(exc.limit)) from exc
