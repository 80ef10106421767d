"""What role stack makes of the variables for backups: the policy's part and the files of secrets."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[3]))  # a checkout whose Python does not have upkeep installed

from upkeep.backup.recovery_key import KeyMistyped, typed
from upkeep.layout import Layout

Wanted = Mapping[str, Any]
# Key of stack__backup_target → name below secrets/ and key in the policy.
FILES = {
    "address": ("backup-address", "address_file"),
    "password": ("backup-password", "password_file"),
    "ca": ("backup-ca", "ca_file"),
    "ssh_key": ("backup-ssh-key", "ssh_key_file"),
    "ssh_known_hosts": ("backup-ssh-known-hosts", "ssh_known_hosts_file"),
    "s3_credentials": ("backup-s3-credentials", "s3_credentials_file"),
}
KEY = "recovery_key"
PLAIN = ("append_only", "mount", "s3_region")
PASSWORD_LENGTH = 12
COME_AND_GO = ("/mnt/", "/media/")  # disks and shares, hier(7)
ADDRESS = re.compile(r"/.+|sftp:.+|rest:https?://.+|s3:https?://.+")


def backup_policy(wanted: Wanted) -> dict[str, Any]:
    """Nothing for a stack without a place for its backups."""
    target = _opened(wanted["backup_target"])
    if not target:
        return {}
    secrets = Layout().paths(wanted["name"]).secrets
    files = {key: str(secrets / name) for given, (name, key) in FILES.items() if target.get(given)}
    place = {"host": wanted["backup_host"], "append_only": bool(target.get("append_only", False))} | files
    place |= {key: target[key] for key in ("mount", "s3_region") if target.get(key)}
    export = {"export": dict(wanted["backup_export"])} if wanted["backup_export"] else {}
    return {
        "backup": {
            "target": place,
            "volumes": list(_volumes(wanted)),
            "postgres": [dict(item) for item in wanted["backup_postgres"]],
            "files": list(wanted["backup_files"]),
            "keep": dict(wanted["backup_keep"]),
            "timeout": wanted["backup_timeout"],
            "overdue": wanted["backup_overdue"],
            "undo": wanted["backup_undo"],
            "volatile": list(wanted["backup_volatile"]),
            **export,
            "drill": _drill(wanted),
        }
    }


def _drill(wanted: Wanted) -> dict[str, Any]:
    """Nobody waits for trials that are not planned."""
    check = {"check": dict(wanted["drill_check"])} if wanted["drill_check"] else {}
    return {"overdue": wanted["drill_overdue"] if wanted["drill_at"] else 0} | check


def _volumes(wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Every volume of the stack once, as it is described, and whatever else is. A database is dumped, not copied."""
    described = {str(item.get("name")): dict(item) for item in wanted["backup_volumes"]}
    for item in wanted["volumes"]:
        if item.get("name"):
            name = str(item.get("external") or f"{wanted['name']}_{item['name']}")
            yield described.pop(name, {"name": name})
    yield from described.values()


def backup_secrets(wanted: Wanted) -> dict[str, str]:
    """Name below secrets/ → content."""
    target = _opened(wanted["backup_target"])
    return {name: f"{str(target[key]).strip()}\n" for key, (name, _) in FILES.items() if target.get(key)}


def _opened(target: Mapping[str, Any]) -> dict[str, Any]:
    """With the password that was typed from the recovery sheet. Raises KeyMistyped."""
    known = {key: value for key, value in target.items() if key != KEY}
    return known | ({"password": typed(str(target[KEY]))} if target.get(KEY) else {})


def backup_problems(wanted: Wanted) -> list[str]:
    """Without values of secrets."""
    target = wanted["backup_target"]
    if wanted["backup_export"] and not target:
        return ["stack__backup_export: Ohne stack__backup_target gibt es nichts zu exportieren."]
    export = _unnoticed("stack__backup_export", wanted["backup_export"], "directory")
    try:
        return [*_problems(_opened(target)), *export] if target else []
    except KeyMistyped as exc:
        return [f"stack__backup_target: recovery_key: {exc}"]


def _problems(target: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(set(target) - set(FILES) - set(PLAIN)):
        known = ", ".join([*FILES, KEY, *PLAIN])
        yield f"stack__backup_target: {key} kennt die Rolle nicht; bekannt sind {known}."
    if not ADDRESS.fullmatch(str(target.get("address") or "").strip()):
        yield (
            "stack__backup_target: address fehlt oder ist keine; möglich sind /ordner, sftp:benutzer@host:/ordner, "
            "rest:https://host:8000/name und s3:https://host/bucket."
        )
    if len(str(target.get("password") or "").strip()) < PASSWORD_LENGTH:
        yield f"stack__backup_target: password oder recovery_key fehlt oder hat unter {PASSWORD_LENGTH} Zeichen."
    yield from _unnoticed("stack__backup_target", target, "address")


def _unnoticed(name: str, given: Mapping[str, Any], key: str) -> Iterator[str]:
    """Nobody would notice that a disk is not there, and the host's own would fill."""
    place, mount = str(given.get(key) or "").strip(), str(given.get("mount") or "").strip().rstrip("/")
    if mount and place.startswith("/") and not f"{place}/".startswith(f"{mount}/"):
        yield f"{name}: {place} liegt nicht unter mount: {mount}."
    elif not mount and place.startswith(COME_AND_GO):
        yield (
            f"{name}: {place} liegt, wo Platten und Freigaben eingehängt werden. Dazu gehört mount, der Einhängepunkt "
            "(zum Beispiel /mnt/usb): Sonst füllte eine Sicherung, wenn dort nichts eingehängt ist, die Platte des "
            "Servers selbst."
        )


class FilterModule:
    """Loaded by Ansible with the role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"stack_backup_problems": backup_problems}
