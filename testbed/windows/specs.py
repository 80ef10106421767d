"""The real argument specs of Windows modules: from the installed collections and the modules' own PowerShell."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import fragment_loader, init_plugin_loader, module_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.plugin_docs import get_docstring

from testbed.windows.powershell import declared_spec

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "windows-specs"
CONSTRAINTS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
# What the action plugin adds on the way; the documentation does not list it.
ADDED_ON_THE_WAY = {
    "ansible.windows.win_copy": (
        "_copy_mode",
        "_original_basename",
        "files",
        "directories",
        "symlinks",
        "content",
        "decrypt",
        "mode",
    ),
}
COLLECTIONS = ("ansible.windows.", "community.windows.", "microsoft.iis.")


class UnknownModule(Exception):
    """No installed collection has a PowerShell module of this name."""


@dataclass(frozen=True)
class ModuleSpec:
    """What a module takes: `options` and `constraints` in the shape of Ansible's argument specs."""

    name: str
    options: dict[str, Any]
    constraints: dict[str, Any]
    check_mode: bool
    on_controller: bool

    def validated(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """(parameters with types and defaults, error messages)."""
        allowed = self.options | {name: {"type": "raw"} for name in ADDED_ON_THE_WAY.get(self.name, ())}
        # Ansible writes into defaults of options of options.
        result = ArgumentSpecValidator(copy.deepcopy(allowed), **self.constraints).validate(arguments)
        return result.validated_parameters, list(result.error_messages)


def is_windows(module: str) -> bool:
    return module.startswith(COLLECTIONS)


@functools.cache
def spec_of(module: str) -> ModuleSpec:
    """Of a module by its full name; raises UnknownModule. Read once per version, then from a file."""
    path = _source_of(module)
    source = path.read_bytes()
    kept = CACHE / f"{module}-{hashlib.sha256(source + str(path).encode()).hexdigest()[:16]}.json"
    if kept.exists():
        return ModuleSpec(**json.loads(kept.read_text()))
    spec = _read(module, path, source)
    CACHE.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.{id(spec)}.part")
    part.write_text(json.dumps(asdict(spec)))
    part.replace(kept)
    return spec


@functools.cache
def _loader() -> Any:
    if AnsibleCollectionConfig.collection_finder is None:  # within Ansible it is there already
        init_plugin_loader()
    return module_loader


def _source_of(module: str) -> Path:
    """The PowerShell; of what runs on the controller only (win_template), its documentation."""
    for kind in (".ps1", ".py"):
        found = _loader().find_plugin_with_context(module, mod_type=kind, check_aliases=False)
        if found.resolved and str(found.plugin_resolved_path).endswith(kind):
            return Path(found.plugin_resolved_path)
    raise UnknownModule(f"{module}: kein PowerShell-Modul dieses Namens in den installierten Collections.")


def _read(module: str, path: Path, source: bytes) -> ModuleSpec:
    beside = next(file for file in (path.with_suffix(".yml"), path.with_suffix(".py"), path) if file.exists())
    collection = module.rpartition(".")[0]
    doc, *_ = get_docstring(str(beside), fragment_loader, collection_name=collection, plugin_type="module")
    options = _options(doc.get("options") or {})
    declared = (declared_spec(source) if path.suffix == ".ps1" else None) or {}
    _take_over_constraints(options, declared.get("options"))
    documented = (doc.get("attributes") or {}).get("check_mode", {}).get("support", "full")
    supported = declared.get("supports_check_mode", documented in {"full", "partial"})
    return ModuleSpec(module, options, _constraints(declared), supported is True, path.suffix == ".py")


def _options(documented: dict[str, Any]) -> dict[str, Any]:
    return {name: _option(option) for name, option in documented.items()}


def _option(documented: dict[str, Any]) -> dict[str, Any]:
    required = bool(documented.get("required"))
    option: dict[str, Any] = {"type": documented.get("type", "str"), "required": required}
    option |= {key: documented[key] for key in ("choices", "elements", "aliases") if documented.get(key) is not None}
    if isinstance(option.get("choices"), dict):
        option["choices"] = list(option["choices"])
    if documented.get("default") is not None and not required:
        option["default"] = documented["default"]
    if documented.get("suboptions"):
        option["options"] = _options(documented["suboptions"])
    return option


def _constraints(declared: dict[str, Any]) -> dict[str, Any]:
    found = {key: declared[key] for key in CONSTRAINTS if declared.get(key)}
    return {
        key: [value] if key != "required_by" and isinstance(value, list) and not isinstance(value[0], list) else value
        for key, value in found.items()
    }


def _take_over_constraints(options: dict[str, Any], declared: Any) -> None:
    """What options of options exclude or require, from the PowerShell into the documented spec."""
    for name, entry in declared.items() if isinstance(declared, dict) else ():
        if isinstance(entry, dict) and name in options:
            options[name] |= _constraints(entry)
            _take_over_constraints(options[name].get("options", {}), entry.get("options"))
