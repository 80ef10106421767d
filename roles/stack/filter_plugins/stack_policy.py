"""What role stack makes of what is wanted: the policy, the files of secrets, the looks of the gate's page."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

sys.path.append(str(Path(__file__).resolve().parents[3]))  # a checkout whose Python does not have upkeep installed

sys.path.append(str(Path(__file__).resolve().parent))
from stack_backup import backup_policy, backup_secrets

from upkeep.errors import UpkeepError
from upkeep.layout import Layout
from upkeep.policy import stack as policies
from upkeep.tickets import ticket

Wanted = Mapping[str, Any]
DEFAULT_MONGODB = "mongo:8.0"
MONGODB_USER = 999
ENVIRONMENT = "environment"  # the file of environment secrets
# Keys of stack.yml and of the inventory: app.slots is stack__slots, door.origins stack__door_origins;
# migration and hooks are there as they are here.
POLICY_KEY = re.compile(r"\b(?:app|update|(maintenance|door|backup))\.(\w+)")
WHOLE_KEY = re.compile(r"\b(migration|hooks)\.")
PICTURE_KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def policy(wanted: Wanted) -> dict[str, Any]:
    """stack.yml as a mapping."""
    update = ("strategy", "ready_count", "ready_interval", "ready_timeout", "drain_timeout", "stop_timeout")
    update += ("pull_timeout", "probation", "minimum_free_mb", "backup", "bake", "bake_errors", "pause")
    surge = bool(wanted["surge"]) and wanted["strategy"] == "rolling"
    return (
        {
            "schema": policies.SCHEMA,
            "stack": wanted["name"],
            "image": dict(wanted["image"]),
            "gate_image": wanted["gate_image"],
            "registries_allowed": list(wanted["registries_allowed"]),
            "app": {
                "port": wanted["port"],
                "health_path": wanted["health_path"],
                "version_path": wanted["version_path"] or None,
                "smoke_path": wanted["smoke_path"] or None,
                "slots": wanted["slots"],
            },
            "update": {name: wanted[name] for name in update}
            | {"drain_path": wanted["drain_path"] or None, "surge": surge},
            "maintenance": {name: wanted[f"maintenance_{name}"] for name in ("title", "text", "accent")},
            "databases": _databases(wanted["databases"], wanted["name"]),
            "published": [
                {"host_port": item["host_port"], "bind": item.get("bind", "0.0.0.0")}  # noqa: S104
                for item in wanted["published"]
            ],
        }
        | {name: dict(wanted[name]) for name in ("migration", "hooks") if wanted[name]}
        | _door(wanted)
        | backup_policy(wanted)
    )


def _door(wanted: Wanted) -> dict[str, Any]:
    """Nothing for a stack whose door starts nothing."""
    if not wanted["door_origins"]:
        return {}
    return {"door": {"origins": list(wanted["door_origins"]), "actions": list(wanted["door_actions"])}}


def _databases(databases: Mapping[str, Any], stack: str) -> dict[str, Any]:
    if "mongodb" not in databases:
        return dict(databases)
    mongodb = databases["mongodb"]
    secrets = Layout().paths(stack).secrets
    return {
        "mongodb": {
            "image": mongodb.get("image", DEFAULT_MONGODB),
            "name": mongodb["name"],
            "root_password_file": str(secrets / "mongodb-root"),
            "keyfile": str(secrets / "mongodb-keyfile"),
            "users": [
                {
                    "name": user["name"],
                    "password_file": str(secrets / f"mongodb-user-{user['name']}"),
                    "roles": list(user.get("roles", ["readWrite"])),
                }
                for user in mongodb.get("users", [])
            ],
        }
    }


def policy_problems(wanted: Wanted) -> list[str]:
    """What the domain itself says against the policy, before a host is touched. In German; empty when it is good."""
    try:
        parsed = policies.parse(policy(wanted), wanted["name"], f"Stack {wanted['name']}")
        if parsed.door.origins or wanted["ticket_key"]:
            ticket.keys(wanted["ticket_key"], "stack__ticket_key")
    except UpkeepError as error:
        return [WHOLE_KEY.sub(r"stack__\1.", POLICY_KEY.sub(_inventory_name, str(error)))]
    return []


def _inventory_name(key: re.Match[str]) -> str:
    return f"stack__{key[1]}_{key[2]}" if key[1] else f"stack__{key[2]}"


def secret_files(wanted: Wanted) -> list[dict[str, Any]]:
    """What `upkeep_files` is to place below secrets/: each readable for its one consumer."""
    name, group = wanted["name"], str(wanted["app_user"])
    contents, places = _slot_secrets(wanted), secret_places(wanted)
    files = [
        _secret(name, places[secret], value, mode="0440", group=group)
        for secret, value in contents.items()
        if secret != ENVIRONMENT
    ]
    if ENVIRONMENT in contents:  # read by compose as root
        files.append(_secret(name, places[ENVIRONMENT], contents[ENVIRONMENT], mode="0400"))
    mongodb = wanted["databases"].get("mongodb")
    if mongodb:
        owner = str(MONGODB_USER)
        files.append(_secret(name, "mongodb-keyfile", mongodb["keyfile"], mode="0400", owner=owner, group=owner))
        files.append(_secret(name, "mongodb-root", mongodb["root_password"], mode="0400"))
        files += [
            _secret(name, f"mongodb-user-{user['name']}", user["password"], mode="0400")
            for user in mongodb.get("users", [])
        ]
    return files + [_secret(name, secret, value, mode="0400") for secret, value in backup_secrets(wanted).items()]


def secret_places(wanted: Wanted) -> dict[str, str]:
    """Name of a secret that slots are started with → name of its file, which changes with the content: a slot keeps the
    one it was started with, whatever is placed beside it, until the agent removes what nobody uses any more. Two bytes
    of the hash tell nobody anything; where they happen to be the same the file is replaced."""
    contents = _slot_secrets(wanted)
    return {name: f"{name}.{hashlib.sha256(text.encode()).hexdigest()[:4]}" for name, text in contents.items()}


def _slot_secrets(wanted: Wanted) -> dict[str, str]:
    found = {name: str(value) for name, value in wanted["secrets"].items()}
    if wanted["ticket_key"]:
        found["ticket-key"] = f"{wanted['ticket_key'].strip()}\n"
    variables = wanted["environment_secrets"]
    if variables:  # single quotes keep `$` and `#` what they are
        found[ENVIRONMENT] = "".join(f"{variable}='{value}'\n" for variable, value in variables.items())
    return found


def _secret(stack: str, name: str, value: object, **owner: str) -> dict[str, Any]:
    return {"path": str(Layout().paths(stack).secrets / name), "content": str(value), "secret": True, **owner}


def text_colour(accent: str) -> str:
    """White or near-black, whichever reads on `#rrggbb` (WCAG 2: contrast 4.5)."""
    return "#fff" if _contrast(accent, "#ffffff") >= 4.5 else "#10151a"


def visible_on(accent: str, ground: str) -> str:
    """The accent, made lighter or darker until it has contrast 4.5 to `ground`; its hue stays."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(accent))
    step = 0.02 if _luminance(ground) < 0.2 else -0.02
    colour = accent
    while _contrast(colour, ground) < 4.5 and 0 <= lightness <= 1:
        lightness += step
        colour = _hex(colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation))
    return colour


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def initial(title: str) -> str:
    """The letter of a stack without a logo, safe in HTML and SVG."""
    return escape((title.strip() or "?")[0].upper())


def picture(logo: str) -> str:
    """A logo file as a data: address."""
    file = Path(logo)
    return f"data:{PICTURE_KINDS[file.suffix.lower()]};base64,{base64.b64encode(file.read_bytes()).decode()}"


class FilterModule:
    """Loaded by Ansible with the role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "stack_policy": policy,
            "stack_policy_problems": policy_problems,
            "stack_secret_files": secret_files,
            "stack_secret_places": secret_places,
            "stack_text_colour": text_colour,
            "stack_visible_on": visible_on,
            "stack_initial": initial,
            "stack_picture": picture,
        }
