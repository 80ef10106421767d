"""`python -m upkeep.backup.feed ADDRESS KEYFILE OUTCOME`: the archive of a MongoDB to stdout, for restic to take.

How it went is written to OUTCOME as JSON: {"report": …} or {"code", "error"}. With an error the exit code is 1, so that
restic keeps nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from upkeep.backup.outcome import told
from upkeep.mongo_archive import DumpReport, dump
from upkeep.ports.mongo import connected

PATIENCE = 30.0


def main(address: str, keyfile: str, outcome: str, seconds: str) -> int:
    def feed() -> DumpReport:
        with connected(address, Path(keyfile).read_text(encoding="utf-8"), PATIENCE) as client:
            return dump(client, sys.stdout.buffer, seconds=float(seconds))

    return told(Path(outcome), feed)


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    os._exit(code)  # everything is written; Python would wait for pymongo's threads, up to half a second
