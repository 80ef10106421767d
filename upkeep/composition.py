"""What compose.yml says, as far as a plan needs it: which services changed, which files they read.

Compared is the parsed text, not compose's own hash: that one changes with the version of compose.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from upkeep import yaml_text
from upkeep.errors import PolicyInvalid

SHARED = ("networks", "volumes", "secrets", "configs")
GATE = "gate"


@dataclass(frozen=True)
class Composition:
    """`home`: what relative paths in it start from."""

    document: dict[str, Any]
    home: Path

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return dict(self.document.get("services") or {})

    def changed_since(self, other: Composition) -> frozenset[str]:
        """Services of this composition that are new or say something else, also in a network or volume they use."""
        return frozenset(name for name in self.services if self._effective(name) != other._effective(name))

    def _effective(self, service: str) -> object:
        """A service together with the shared definitions it names."""
        body = self.services.get(service)
        shared = {kind: self.document.get(kind) or {} for kind in SHARED}
        return body and (body, {kind: {n: shared[kind].get(n) for n in _used(body, kind)} for kind in SHARED})

    def mounted_files(self, service: str) -> Iterator[Path]:
        """Secrets and configs: the service's own user reads them."""
        body = self.services.get(service, {})
        for kind in ("secrets", "configs"):
            declared = self.document.get(kind) or {}
            for name in _used(body, kind):
                file = (declared.get(name) or {}).get("file")
                if file:
                    yield self.home / file

    def environment_files(self, service: str) -> Iterator[Path]:
        """compose reads them, as root."""
        env_files = self.services.get(service, {}).get("env_file") or ()
        for item in [env_files] if isinstance(env_files, str) else env_files:
            yield self.home / (item if isinstance(item, str) else item["path"])


def _used(body: dict[str, Any], kind: str) -> list[str]:
    """Names of the shared definitions of a kind that a service uses, in short or long form."""
    uses = body.get(kind) or ()
    if isinstance(uses, dict):  # networks may be a mapping
        return list(uses)
    sources = (use.get("source", "") if isinstance(use, dict) else str(use).partition(":")[0] for use in uses)
    return [str(source) for source in sources]


def read(path: Path, home: Path) -> Composition:
    try:
        document = yaml_text.parse(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as exc:
        raise PolicyInvalid(
            f"{path} ist nicht lesbar",
            observed=str(exc).replace("\n", " "),
            next_step="`ansible-playbook playbooks/site.yml` ausführen.",
        ) from exc
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise PolicyInvalid(f"{path} enthält keine Dienste (services)")
    return Composition(document, home)


def files_hash(compose_file: Path, policy_file: Path) -> str:
    """What a deploy was planned from; its snapshot must say the same."""
    return content_hash((), [file.read_text(encoding="utf-8") for file in (compose_file, policy_file)])


def content_hash(files: Iterable[Path], extra: object = None) -> str:
    """One hash over names and contents; a missing file counts as such."""
    digest = hashlib.sha256(json.dumps(extra, sort_keys=True, default=str).encode())
    for path in sorted(set(files)):
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes() if path.is_file() else b"\0missing")
    return digest.hexdigest()
