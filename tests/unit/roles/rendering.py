"""Renders a role's variables and templates as Ansible does, without a play: defaults < given variables < vars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import add_all_plugin_dirs, init_plugin_loader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[3] / "roles"
init_plugin_loader([])


class Rendering:
    """One role with these variables. `value` gives a variable, `template` a rendered template."""

    def __init__(self, role: str, **given: Any) -> None:
        self.path = ROLES / role
        add_all_plugin_dirs(str(self.path))
        loader = DataLoader()
        loader.set_basedir(str(self.path))
        layers = [self._load(loader, "defaults"), _trusted(given), self._load(loader, "vars")]
        variables: dict[str, Any] = {
            "role_path": str(self.path),
            "ansible_search_path": [str(self.path)],
            "ansible_managed": "Von Ansible verwaltet",
            "inventory_hostname": "web1",
        }
        for layer in layers:
            variables |= layer
        self._templar = Templar(loader=loader, variables=variables)

    def _load(self, loader: DataLoader, folder: str) -> dict[str, Any]:
        file = self.path / folder / "main.yml"
        return (loader.load_from_file(str(file), trusted_as_template=True) or {}) if file.exists() else {}

    def value(self, name: str) -> Any:
        return self.text(f"{{{{ {name} }}}}")

    def text(self, template: str) -> Any:
        return self._templar.template(trust_as_template(template))

    def template(self, name: str) -> str:
        return str(self.text(f"{{{{ lookup('ansible.builtin.template', '{name}') }}}}"))

    def yaml(self, name: str) -> Any:
        return yaml.safe_load(self.template(name))


def _trusted(value: Any) -> Any:
    """Inventory values may hold templates themselves."""
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value
