"""New credentials for registries are tried before they take the place of those in use: every image that a stack of this
host comes from is looked up with them. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from upkeep.errors import Refused, RegistryFailed
from upkeep.layout import Layout
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.registry_session import HUB_CREDENTIALS
from upkeep.versions.reference import DOCKER_HUB, Reference

STAYS = "Die bisherige Anmeldung bleibt in Gebrauch."


def trial(layout: Layout, ports: Ports) -> dict[str, Any]:
    """{"tried": names of images, "untried": registries that no stack loads from}. Raises Refused where nothing was
    placed, RegistryFailed and ImageMissing where it is no good."""
    named = _registries(layout.registry_login)
    wanted = [item for name in layout.stacks() for item in _images(policies.read(layout.paths(name).policy_file, name))]
    registry, host = ports.registry.with_credentials(layout.registry_login), ports.docker.host()
    tried: set[str] = set()
    for reference, versions in wanted:
        if reference.registry not in named or str(reference) in tried:
            continue
        try:
            registry.tags(reference, host) if versions else registry.resolve(reference, host)
        except RegistryFailed as exc:
            exc.next_step = f"{exc.next_step or ''} {STAYS}".strip()
            raise
        tried.add(str(reference))
    seen = {reference.registry for reference, _ in wanted}
    return {"tried": sorted(tried), "untried": sorted(named - seen)}


def _images(policy: Policy) -> Iterator[tuple[Reference, bool]]:
    """What is loaded, and whether it is looked for among all tags."""
    yield policy.image.reference, policy.image.versions is not None
    yield policy.gate_image, False
    if policy.mongodb:
        yield policy.mongodb.image, False


def _registries(file: Path) -> set[str]:
    try:
        named = set(json.loads(file.read_text(encoding="utf-8"))["auths"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise Refused(
            f"{file} ist keine Anmeldung, die sich probieren ließe",
            observed=type(exc).__name__,
            next_step="`ansible-playbook playbooks/rotate-secrets.yml` legt sie dort hin.",
        ) from exc
    return {DOCKER_HUB if name == HUB_CREDENTIALS else name for name in named}
