"""Sent to a host on standard input, for the agent's Python: documents for a backup to save, a hundredth of them
changed, or all of mongod as an archive in a file. Arguments: the address of mongod, its keyfile, one of `fill`,
`recent`, `scattered` and `archive`, how many documents there are, for `archive` the file. Prints {"bytes": of all}.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from upkeep.mongo_archive import dump
from upkeep.ports.mongo import connected

DATABASE, COLLECTION = "bestand", "bewegungen"
PIECE = 20_000
HUNDREDTH = 100
PATIENCE = 120.0


def document(chance: random.Random, number: int) -> dict[str, Any]:
    """About 310 bytes; half of the text hardly compresses."""
    return {
        "_id": number,
        "number": f"A-{number:08}",
        "name": chance.choice(("Schraube M8", "Dübel 10 mm", "Winkel 90°", "Kabel 3 x 1,5")),
        "place": chance.randrange(500),
        "secret": chance.randbytes(40).hex(),
        "text": "Auf der Baustelle eingelagert und noch nicht gezählt. " * 2,
    }


def documents(begin: int, end: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(begin)
    return (document(chance, number) for number in range(begin, end))


def fill(collection: Any, begin: int, end: int) -> None:
    for first in range(begin, end, PIECE):
        collection.insert_many(documents(first, min(end, first + PIECE)), ordered=False)


def main() -> None:
    address, keyfile, what, count = sys.argv[1], Path(sys.argv[2]).read_text(), sys.argv[3], int(sys.argv[4])
    with connected(address, keyfile, PATIENCE) as client:
        collection = client[DATABASE][COLLECTION]
        half = count // HUNDREDTH // 2
        if what == "fill":
            collection.drop()
            collection.create_index("number")
            fill(collection, 0, count)
        elif what == "recent":  # half of a hundredth new, half among the newest changed
            end = collection.find_one(sort=[("_id", -1)])["_id"] + 1
            collection.update_many({"_id": {"$gte": end - half}}, {"$set": {"place": 501}})
            fill(collection, end, end + half)
        elif what == "archive":
            with Path(sys.argv[5]).open("wb") as target:
                dump(client, target)
        else:
            collection.update_many({"_id": {"$mod": [HUNDREDTH, 7]}}, {"$set": {"place": 502}})
        client.admin.command("fsync")  # no checkpoint of this falls into what is measured next
        print(json.dumps({"bytes": client[DATABASE].command("collStats", COLLECTION)["size"]}))


if __name__ == "__main__":
    main()
