"""What the doors to this room share: the Ansible modules on the controller and the nightly command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from upkeep.ports.clock import Clock
from upkeep.ports.files import DiskFiles
from upkeep.ports.postgres import Connection, PostgresPrograms
from upkeep.postgres import drill, restore
from upkeep.postgres.server import existing, look
from upkeep.postgres.switch import newest_aside
from upkeep.postgres.verification import Proof, choose, verify


def programs_of(given: Mapping[str, Any]) -> PostgresPrograms:
    """`given`: host, port, user, password, sslmode, programs (a folder or None)."""
    names = ("host", "port", "user", "password", "sslmode")
    connection = Connection(**{name: given[name] for name in names if name in given})
    return PostgresPrograms(connection, Path(given["programs"]) if given.get("programs") else None)


def restore_as_asked(
    programs: PostgresPrograms,
    state: str,
    database: str,
    folder: Path,
    wanted: str,
    *,
    clock: Clock,
    only_plan: bool,
) -> dict[str, Any]:
    """`state` is verified, drilled, restored or undone; returns changed, message and what else there is to say."""
    if state == "undone":
        return _undone(programs, database, clock, only_plan)
    proof = verify(programs, choose(folder, database, wanted), database)
    shown = {"changed": False, "dump": str(proof.dump)}
    if state == "verified":
        return shown | {"message": f"{proof.dump.name} ist unversehrt: ganz gelesen, Prüfsumme stimmt."}
    if state == "drilled":
        return shown | {"message": _drilled(programs, proof, clock, only_plan)}
    known = restore.plan(programs, proof)
    if only_plan:
        return shown | {"changed": True, "message": known.message}
    done = restore.restore(programs, known, folder, clock, DiskFiles())
    safety = str(done.safety) if done.safety else None
    return shown | {"changed": True, "message": done.message, "aside": done.aside, "safety": safety}


def _undone(programs: PostgresPrograms, database: str, clock: Clock, only_plan: bool) -> dict[str, Any]:
    if only_plan:
        look(programs)
        existing(programs, database)
        coming = newest_aside(programs, database)
        return {"changed": True, "message": f"„{coming}“ würde wieder „{database}“.", "aside": None}
    done = restore.undo(programs, database, clock)
    return {"changed": True, "message": done.message, "aside": done.aside}


def _drilled(programs: PostgresPrograms, proof: Proof, clock: Clock, only_plan: bool) -> str:
    if only_plan:
        restore.plan(programs, proof)
        return f"{proof.dump.name} würde zur Probe in eine neue Datenbank geladen, die danach wieder verschwindet."
    return drill.drill(programs, proof, clock).message
