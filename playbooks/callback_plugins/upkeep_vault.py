"""Callback: says which vault file the password does not open. Ansible's own words name neither file nor remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: upkeep_vault
type: aggregate
short_description: Names the vault files that the password does not open
description:
  - Ansible ends at the first of them; nothing has been touched by then.
author: Upkeep
"""

HEADER = b"$ANSIBLE_VAULT"
MESSAGE = (
    "Das Tresor-Passwort passt nicht zu {file}. Geändert wurde nichts. Nächster Schritt: das richtige Passwort "
    "hinterlegen (UPKEEP_VAULT_PASSWORD oder ~/.config/upkeep/vault-password) und prüfen: `ansible-vault view {file}`."
)


class CallbackModule(CallbackBase):
    """Loaded by Ansible because it lies beside the playbooks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "upkeep_vault"

    def v2_playbook_on_play_start(self, play) -> None:
        """Before Ansible loads the variables of any host."""
        variables = play.get_variable_manager()
        for file in vault_files(variables._inventory._sources or ()):
            try:
                variables._loader.get_text_file_contents(str(file))
            except AnsibleError:
                self._display.error(MESSAGE.format(file=shown(file)))


def vault_files(sources: Iterable[str]) -> Iterator[Path]:
    """Encrypted variable files that belong to these inventories."""
    for source in map(Path, sources):
        folder = source if source.is_dir() else source.parent
        for kind in ("group_vars", "host_vars"):
            for file in sorted((folder / kind).rglob("*")):
                if file.is_file() and file.read_bytes()[: len(HEADER)] == HEADER:
                    yield file


def shown(file: Path) -> str:
    """As the operator would type it."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
