"""Programs and scripts on a simulated host: Prisma's migrations, and answers that a test writes down beforehand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.windows import appcmd
from testbed.windows.modules import postgres
from testbed.windows.modules.registry import Answer, ModuleFailed, models
from testbed.windows.modules.web import ENVIRONMENT, NODE
from testbed.windows.powershell import syntax_problems

if TYPE_CHECKING:
    from testbed.windows.host import Host


@models("ansible.windows.win_command")
def win_command(host: Host, p: dict[str, Any], check: bool) -> Answer:
    argv = p["argv"] or (p["cmd"] or p["_raw_params"]).split()
    if p["chdir"] and not host.disk.place(p["chdir"]).is_dir():
        raise ModuleFailed(f"The directory '{p['chdir']}' does not exist")
    if argv[0].endswith("\\psql.exe"):
        return postgres.psql(host, argv, p["stdin"] or "", host.environment)
    if argv[0].endswith("\\appcmd.exe"):
        return _appcmd(host, argv[1:])
    if argv[0].endswith("\\pg_basebackup.exe"):
        return postgres.basebackup(host, argv, host.environment)
    if argv[0] == NODE and any("prisma" in word for word in argv):
        return _prisma(host, argv, p["chdir"])
    return _written_down(host, " ".join(argv))


def _appcmd(host: Host, words: list[str]) -> Answer:
    try:
        return {"changed": True, "rc": 0, "stdout": appcmd.obey(host, words), "stderr": ""}
    except (ValueError, KeyError) as error:
        raise _ended(1, f"ERROR ( message:{error} )") from error


def _prisma(host: Host, argv: list[str], release: str) -> Answer:
    for word in (NODE, *(f"{release}\\{word}" for word in argv if word.endswith((".js", ".mjs")))):
        if not host.disk.exists(word):
            raise _ended(1, f"Error: Cannot find module '{word}'")
    environment = next((word.removeprefix(ENVIRONMENT) for word in argv if word.startswith(ENVIRONMENT)), "")
    if not environment or not host.disk.exists(environment):
        raise _ended(1, "Error: Environment variable not found: DATABASE_URL.")
    if not host.state["database"]["up"]:
        raise _ended(1, "Error: P1001: Can't reach database server")
    if argv[-1].endswith("seed.mjs"):
        return _seed(host)
    return _migrate(host, host.disk.place(f"{release}\\prisma\\migrations"))


def _seed(host: Host) -> Answer:
    if host.state["database"]["users"]:
        return {"changed": True, "rc": 0, "stdout": "Es gibt schon Benutzer: nichts angelegt.", "stderr": ""}
    if not host.environment.get("ADMIN_PASSWORD"):
        raise _ended(1, "Error: ADMIN_PASSWORD fehlt: ohne Kennwort wird kein Benutzer angelegt.")
    host.state["database"]["users"] = 1
    return {"changed": True, "rc": 0, "stdout": "Benutzer angelegt.", "stderr": ""}


def _migrate(host: Host, folder: Path) -> Answer:
    applied = host.state["database"]["migrations"]
    steps = sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    pending = [step for step in steps if step not in applied]
    for step in pending:
        if "FAIL" in (folder / step / "migration.sql").read_text():
            raise _ended(1, f"Error: P3018: A migration failed to apply. Migration name: {step}")
        applied.append(step)
    said = f"{len(pending)} migrations applied" if pending else "No pending migrations to apply."
    return {"changed": True, "rc": 0, "stdout": said, "stderr": ""}


def _ended(code: int, message: str) -> ModuleFailed:
    return ModuleFailed("non-zero return code", rc=code, stdout="", stderr=message)


def _written_down(host: Host, command: str) -> Answer:
    for pattern, result in host.state["outputs"].items():
        if re.search(pattern, command):
            return {"changed": True, "rc": 0, "stdout": "", "stderr": "", **result}
    raise ModuleFailed(f"simulierter Windows-Host: für diesen Befehl ist keine Antwort hinterlegt: {command[:120]}")


@models("ansible.windows.win_powershell")
def win_powershell(host: Host, p: dict[str, Any], check: bool) -> Answer:
    problems = syntax_problems(p["script"])
    if problems:
        raise ModuleFailed(f"PowerShell-Syntax: Zeile {problems[0].line}: {problems[0].text}")
    return _written_down(host, p["script"])
