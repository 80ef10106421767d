"""Lookup: what `make wheels` has made for the hosts."""

from __future__ import annotations

import re
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: upkeep_wheelhouse
short_description: The agent's wheels as `make wheels` left them
description:
  - Returns for each directory of wheels C(version) (of the agent), C(digest) (of all that the wheels are made from) and
    C(archive) (the one file that goes to the hosts).
author: Upkeep
options:
  _terms:
    description: Directories of wheels on the controller; archive and digest lie beside them.
    required: true
"""

OWN = re.compile(r"upkeep-([^-]+)-py3-none-any\.whl")


class LookupModule(LookupBase):
    """Loaded by Ansible with the role."""

    def run(self, terms: list[str], variables: object = None, **kwargs: object) -> list[dict[str, str]]:
        return [wheelhouse(Path(term).resolve()) for term in terms]


def wheelhouse(wheels: Path) -> dict[str, str]:
    """Version, digest and archive that belong to a directory of wheels. AnsibleLookupError says what is missing."""
    archive, stamp = wheels.with_name(f"{wheels.name}.tar"), wheels.with_name(f"{wheels.name}.hash")
    version = next((found[1] for path in wheels.glob("*.whl") if (found := OWN.fullmatch(path.name))), None)
    if version is None or not archive.is_file() or not stamp.is_file():
        raise AnsibleLookupError(f"Die Pakete des Agenten fehlen ({wheels}). Erzeugen: `make wheels`.")
    return {"version": version, "digest": stamp.read_text(encoding="utf-8").strip(), "archive": str(archive)}
