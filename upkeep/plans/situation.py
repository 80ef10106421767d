"""What every decision looks at, and what several of them ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from upkeep.errors import DockerFailed, ImageMissing, Refused
from upkeep.layout import StackPaths
from upkeep.memory import state
from upkeep.memory.release import Images, Release
from upkeep.memory.state import State
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.registry import Resolved
from upkeep.versions import ranges as versions
from upkeep.versions.ranges import Range
from upkeep.versions.reference import Reference


@dataclass(frozen=True)
class Situation:
    """Everything a decision looks at."""

    paths: StackPaths
    ports: Ports
    policy: Policy
    state: State
    force: bool
    wanted: str | None
    service: str | None = None

    @classmethod
    def read(cls, paths: StackPaths, ports: Ports, options: dict[str, Any]) -> Situation:
        policy = policies.read(paths.policy_file, paths.name)
        return cls(
            paths,
            ports,
            policy,
            state.load(paths),
            bool(options.get("force")),
            options.get("to"),
            options.get("service"),
        )

    def resolve_service(self, wanted: Reference) -> Resolved:
        """Gate and database are other people's images: their version label may be that of what they are built on
        (the official mongo bears Ubuntu's), so nothing is read from it."""
        return self.ports.registry.resolve(wanted, self.ports.docker.host())

    def resolve(self, wanted: Reference) -> Resolved:
        resolved = self.ports.registry.resolve(wanted, self.ports.docker.host())
        if wanted.tag and versions.contradicts(wanted.tag, resolved.version):
            raise Refused(
                f"Das Abbild {wanted} ist falsch beschriftet",
                observed=f"Label org.opencontainers.image.version: {resolved.version}",
                limit=wanted.tag,
                next_step="Das Abbild mit dem richtigen Label bauen und neu veröffentlichen.",
            )
        return resolved

    def offered(self) -> Resolved:
        """What the channel (or pin) means now; in a range the highest version, whose tag counts if it has no label."""
        choice = self.policy.image
        if choice.versions is None:
            return self.resolve(choice.reference)
        tags = self.ports.registry.tags(choice.reference, self.ports.docker.host())
        newest = choice.versions.newest(tags)
        if newest is None:
            raise self._nothing_in(choice.versions, tags)
        resolved = self.resolve(replace(choice.reference, tag=newest))
        return replace(resolved, version=resolved.version or newest)

    def holds(self, target: Release) -> bool:
        """Whether it is held back and nobody forces it."""
        return target.digest in self.state.held and not self.force

    def _nothing_in(self, wanted: Range, tags: tuple[str, ...]) -> ImageMissing:
        known = sorted((tag for tag in tags if versions.key(tag)), key=lambda tag: versions.key(tag) or ())
        shown = ", ".join(known[-3:]) or f"{len(tags)} Tags, keiner davon eine Version"
        return ImageMissing(
            f"Zu {self.policy.image.reference} gibt es keine Version im Bereich",
            observed=shown,
            limit=str(wanted),
            next_step="Den Bereich (image.versions) im Inventar prüfen, oder eine passende Version veröffentlichen.",
        )


def available(situation: Situation) -> tuple[Resolved, Release]:
    """What the channel (or pin) offers now."""
    resolved = situation.offered()
    return resolved, Release(resolved.pinned, resolved.digest, resolved.version)


def refuse_held(situation: Situation, target: Release) -> None:
    if situation.holds(target):
        raise Refused(
            f"{target.label} wurde zurückgerollt und ist zurückgehalten",
            next_step=f"Auf eine neuere warten, oder erzwingen: `upkeep update {situation.paths.name} --force`.",
        )


def refuse_outdated(situation: Situation, target: Release) -> None:
    """Code that does not fit the data any more: only somebody who has put the data back may ask for it."""
    migrated, name = situation.state.migrated, situation.paths.name
    if target.digest in situation.state.outdated and not situation.force:
        raise Refused(
            f"{target.label} passt nicht mehr zu den Daten",
            observed=f"umgestellt von {migrated.version} am {migrated.at[:10]}" if migrated else None,
            next_step=f"Eine neuere Version einspielen (`upkeep update {name}`), oder die eigene Datensicherung "
            "zurückspielen und den Befehl mit --force wiederholen.",
        )


def known_images(known: State) -> Images:
    if known.images is None:
        raise DockerFailed("Der Agent weiß nicht, welche Abbilder laufen", next_step="`upkeep deploy` ausführen.")
    return known.images
