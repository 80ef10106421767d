"""What role stack makes of its variables: the policy, the files of secrets, the looks of the gate's page."""

from __future__ import annotations

import base64
import colorsys
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

sys.path.append(str(Path(__file__).resolve().parents[3]))  # a checkout whose Python does not have upkeep installed

from upkeep import policy as policies
from upkeep.errors import UpkeepError
from upkeep.layout import Layout

Settings = Mapping[str, Any]
DEFAULT_MONGODB = "mongo:8.0"
MONGODB_USER = 999
PICTURE_KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def policy(settings: Settings) -> dict[str, Any]:
    """stack.yml as a mapping, from the role's variables (`stack__…` → value)."""

    def value(name: str) -> Any:
        return settings[f"stack__{name}"]

    return {
        "schema": policies.SCHEMA,
        "stack": value("name"),
        "image": dict(value("image")),
        "gate_image": value("gate_image"),
        "registries_allowed": list(value("registries_allowed")),
        "app": {
            "port": int(value("port")),
            "health_path": value("health_path"),
            "version_path": value("version_path") or None,
            "smoke_path": value("smoke_path") or None,
            "slots": int(value("slots")),
        },
        "update": {
            "strategy": value("strategy"),
            "ready_count": int(value("ready_count")),
            "ready_interval": float(value("ready_interval")),
            "ready_timeout": float(value("ready_timeout")),
            "drain_timeout": int(value("drain_timeout")),
            "stop_timeout": int(value("stop_timeout")),
            "pull_timeout": int(value("pull_timeout")),
            "probation": float(value("probation")),
            "minimum_free_mb": int(value("minimum_free_mb")),
            "backup": value("backup"),
        },
        "maintenance": {
            "title": value("maintenance_title"),
            "text": value("maintenance_text"),
            "accent": value("maintenance_accent"),
        },
        "databases": _databases(value("databases"), value("name")),
        "published": [
            {"host_port": int(item["host_port"]), "bind": item.get("bind", "0.0.0.0")}  # noqa: S104
            for item in value("published")
        ],
    }


def _databases(databases: Settings, stack: str) -> dict[str, Any]:
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


def policy_problems(settings: Settings) -> list[str]:
    """What the domain itself says against the policy, before a host is touched. In German; empty when it is good."""
    name = settings["stack__name"]
    try:
        policies.parse(policy(settings), name, f"Stack {name}")
    except UpkeepError as error:
        return [f"{error} Im Inventar heißt der Schlüssel stack__… (app.slots → stack__slots)."]
    return []


def secret_files(settings: Settings) -> list[dict[str, Any]]:
    """What `upkeep_files` is to place below secrets/: each readable for its one consumer."""
    name, group = settings["stack__name"], str(settings["stack__app_user"])
    files = [
        _secret(name, secret, value, mode="0440", group=group) for secret, value in settings["stack__secrets"].items()
    ]
    variables = settings["stack__environment_secrets"]
    if variables:  # read by compose as root; single quotes keep `$` and `#` what they are
        lines = "".join(f"{variable}='{value}'\n" for variable, value in variables.items())
        files.append(_secret(name, "environment", lines, mode="0400"))
    mongodb = settings["stack__databases"].get("mongodb")
    if mongodb:
        owner = str(MONGODB_USER)
        files.append(_secret(name, "mongodb-keyfile", mongodb["keyfile"], mode="0400", owner=owner, group=owner))
        files.append(_secret(name, "mongodb-root", mongodb["root_password"], mode="0400"))
        files += [
            _secret(name, f"mongodb-user-{user['name']}", user["password"], mode="0400")
            for user in mongodb.get("users", [])
        ]
    return files


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
            "stack_text_colour": text_colour,
            "stack_visible_on": visible_on,
            "stack_initial": initial,
            "stack_picture": picture,
        }
