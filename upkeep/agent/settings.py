"""/etc/upkeep/agent.json: the little an operator can set about the agent itself."""

from __future__ import annotations

import grp
import json
import pwd
from dataclasses import dataclass
from pathlib import Path

from upkeep.errors import PolicyInvalid
from upkeep.policy.fields import Fields

DOOR = "upkeep-door"
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Settings:
    """`door_uid`, `door_gid`: who may ask on the public socket besides root; None: nobody."""

    log_level: str
    door_uid: int | None
    door_gid: int | None


def read(path: Path) -> Settings:
    """Missing file: defaults. The door's user is looked up by name unless its id is set."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raw = {}
    except (OSError, ValueError) as exc:
        raise PolicyInvalid(
            f"{path} ist nicht lesbar", observed=str(exc), next_step="Rolle upkeep_agent ausführen."
        ) from exc
    fields = Fields(raw, str(path))
    door_uid = fields.integer("door_uid", 1, 2**31, _door_uid()) if fields.has("door_uid") else _door_uid()
    fields.take("door_uid", None)
    return fields.finish(Settings(fields.choice("log_level", LEVELS, "info"), door_uid, _door_gid()))


def _door_uid() -> int | None:
    try:
        return pwd.getpwnam(DOOR).pw_uid
    except KeyError:
        return None


def _door_gid() -> int | None:
    try:
        return grp.getgrnam(DOOR).gr_gid
    except KeyError:
        return None
