"""Writers whose every change is one transaction over three collections, and what must hold at any moment."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.integration.app.mongod import Mongod
from tests.threads import Threads

DATABASE = "shop"
FILLING = 4_000  # documents that only make a collection take its time to read
ACCOUNTS = 50
START = 1_000


def prepare(client: MongoClient[dict[str, Any]]) -> None:
    client.drop_database(DATABASE)
    database = client[DATABASE]
    for name in ("left", "right"):
        database[name].insert_many({"_id": number, "amount": START} for number in range(ACCOUNTS))
        filling = ({"_id": ACCOUNTS + number, "amount": 0, "text": "x" * 300} for number in range(FILLING))
        database[name].insert_many(filling)
    database["moves"].insert_one({"amount": 0})


@contextmanager
def writing(mongod: Mongod, writers: int = 2) -> Iterator[Callable[[], int]]:
    """Until the block ends; what is given says how many transactions went through."""
    done = [0] * writers

    def write(number: int) -> None:
        chance = random.Random(number)
        with mongod.client() as client, client.start_session() as session:
            while not threads.over:
                try:
                    with session.start_transaction():
                        _move(client, session, chance)
                    done[number] += 1
                except OperationFailure as error:
                    if not error.has_error_label("TransientTransactionError"):
                        raise

    threads = Threads([lambda number=number: write(number) for number in range(writers)])  # type: ignore[misc]
    with threads:
        yield lambda: sum(done)


def _move(client: Any, session: Any, chance: random.Random) -> None:
    amount, database = chance.randint(1, 9), client[DATABASE]
    database["left"].update_one({"_id": chance.randrange(ACCOUNTS)}, {"$inc": {"amount": -amount}}, session=session)
    database["moves"].insert_one({"amount": amount}, session=session)
    database["right"].update_one({"_id": chance.randrange(ACCOUNTS)}, {"$inc": {"amount": amount}}, session=session)


def is_consistent(left: int, right: int, moved: int) -> bool:
    """By the sums of the three collections."""
    return left == ACCOUNTS * START - moved and right == ACCOUNTS * START + moved


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        waiting.wait(0.02)
    raise TimeoutError(f"not within {seconds} s")
