"""`python -m bench.dumping URI`: the archive of a MongoDB on stdout; on stderr as JSON what memory that took (MB)."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from pymongo import MongoClient

from upkeep.mongo_archive import dump


def main() -> None:
    client: MongoClient[Any] = MongoClient(sys.argv[1])
    with client:
        report = dump(client, sys.stdout.buffer)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"bytes": report.bytes, "peak_mb": peak}), file=sys.stderr, flush=True)
    os._exit(0)  # as upkeep.backup.feed ends


if __name__ == "__main__":
    main()
