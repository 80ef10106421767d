"""The nightly command: `python3 -m upkeep.postgres backup|drill FILE`. A timer runs it; FILE says what and where.

FILE is JSON: host, port, user, password_file, sslmode, databases, folder, keep_days, with_globals. One database that
fails does not keep the others from being saved; the exit code tells (1).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from upkeep.errors import Refused, UpkeepError
from upkeep.ports.clock import SystemClock
from upkeep.ports.files import DiskFiles
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres.backup import Wish, back_up
from upkeep.postgres.door import programs_of, restore_as_asked
from upkeep.postgres.verification import NEWEST


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m upkeep.postgres")
    parser.add_argument("what", choices=["backup", "drill"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    try:
        given = _read(asked.file)
        return max([_one(asked.what, given, database) for database in given["databases"]])
    except UpkeepError as error:
        return _failed(error)


def _one(what: str, given: dict[str, Any], database: str) -> int:
    try:
        print((_backed_up if what == "backup" else _drilled)(programs_of(given), given, database), flush=True)
    except UpkeepError as error:
        return _failed(error)
    return 0


def _backed_up(programs: PostgresPrograms, given: dict[str, Any], database: str) -> str:
    wish = Wish(database, Path(given["folder"]), given["keep_days"], given["with_globals"])
    return back_up(programs, wish, SystemClock(), DiskFiles()).message


def _drilled(programs: PostgresPrograms, given: dict[str, Any], database: str) -> str:
    asked = ("drilled", database, Path(given["folder"]), NEWEST)
    return str(restore_as_asked(programs, *asked, clock=SystemClock(), only_plan=False)["message"])


def _read(path: Path) -> dict[str, Any]:
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return given | {"password": Path(given["password_file"]).read_text(encoding="utf-8").rstrip("\n")}
    except (OSError, ValueError, KeyError) as exc:
        raise Refused(
            f"{path} lässt sich nicht lesen", observed=str(exc), next_step="Die Rolle postgres_backup anwenden."
        ) from exc


def _failed(error: UpkeepError) -> int:
    print(error, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
