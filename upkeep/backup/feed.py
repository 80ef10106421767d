"""`python -m upkeep.backup.feed ADDRESS KEYFILE OUTCOME`: the archive of a MongoDB to stdout, for restic to take.

How it went is written to OUTCOME as JSON: {"report": …} or {"code", "error"}. With an error the exit code is 1, so that
restic keeps nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from upkeep.errors import UpkeepError
from upkeep.mongo_archive import dump
from upkeep.ports.mongo import connected

PATIENCE = 30.0


def main(address: str, keyfile: str, outcome: str, seconds: str) -> int:
    try:
        with connected(address, Path(keyfile).read_text(encoding="utf-8"), PATIENCE) as client:
            report = dump(client, sys.stdout.buffer, seconds=float(seconds))
        found: dict[str, object] = {"report": asdict(report)}
    except UpkeepError as exc:
        found = {"code": exc.code, "error": str(exc)}
    Path(outcome).write_text(json.dumps(found), encoding="utf-8")
    return 0 if "report" in found else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
