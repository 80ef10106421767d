"""What every decision looks at, and what several of them ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upkeep import policy as policies
from upkeep import state
from upkeep.errors import DockerFailed, Refused
from upkeep.layout import StackPaths
from upkeep.policy import Policy
from upkeep.ports import Ports
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


def available(situation: Situation) -> tuple[Resolved, Release]:
    """What the channel (or pin) offers now."""
    resolved = situation.resolve(situation.policy.image.reference)
    return resolved, Release(resolved.pinned, resolved.digest, resolved.version)


def refuse_held(situation: Situation, target: Release) -> None:
    if target.digest in situation.state.held and not situation.force:
        raise Refused(
            f"{target.label} wurde zurückgerollt und ist zurückgehalten",
            next_step=f"Auf eine neuere warten, oder erzwingen: `upkeep update {situation.paths.name} --force`.",
        )


def known_images(known: State) -> Images:
    if known.images is None:
        raise DockerFailed("Der Agent weiß nicht, welche Abbilder laufen", next_step="`upkeep deploy` ausführen.")
    return known.images
