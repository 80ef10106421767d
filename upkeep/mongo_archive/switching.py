"""Putting staged collections in the live ones' places, all at once, and back.

One `applyOps` with all renames holds MongoDB's global lock for its few milliseconds: no reader sees a half of it. A
server that dies in the middle may have done a part; every move knows its collection by UUID, so doing it again does the
rest, and undoing takes back what was done. `applyOps` wants every right: the agent has it (see docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from upkeep.errors import Refused
from upkeep.mongo_archive.aside import collections_of, is_aside, split
from upkeep.mongo_archive.catalogue import Client
from upkeep.mongo_archive.failures import SwitchFailed, server_failures

WHAT = "Die zurückgespielten Daten lassen sich nicht einsetzen"
ADVICE = "Zustand mit `upkeep status` ansehen und erneut versuchen."


@dataclass(frozen=True)
class Move:
    """The collection of this UUID (hex) goes from one namespace to another of the same database."""

    uuid: str
    source: str
    target: str


def exchange(
    client: Client,
    pairs: Iterable[tuple[str, str]],
    old: Callable[[str], str],
    databases: Iterable[str] = (),
    leaving: Iterable[str] = (),
) -> tuple[Move, ...]:
    """The moves that put each (staged, live) in its place and what lives there to `old(live)`. Of `databases`, what
    else lives there goes aside as well: the archive does not know it; so does what is `leaving`, if it is there. Keep
    them before the switch, they undo it."""
    wanted, whole, also = tuple(pairs), set(databases), tuple(leaving)
    with server_failures(WHAT, SwitchFailed):
        places = _places(client, whole | {split(live)[0] for live in (*(live for _, live in wanted), *also)})
    uuids = {namespace: uuid for uuid, namespace in places.items()}
    if missing := [staged for staged, _ in wanted if staged not in uuids]:
        raise SwitchFailed(WHAT, observed=f"nicht mehr da: {', '.join(missing)}", next_step="Noch einmal laden.")
    others = (place for place in sorted(uuids) if split(place)[0] in whole and not is_aside(split(place)[1]))
    places_left = dict.fromkeys([*(live for _, live in wanted), *also, *others])
    return (
        *(Move(uuids[place], place, old(place)) for place in places_left if place in uuids),
        *(Move(uuids[staged], staged, live) for staged, live in wanted),
    )


def switch(client: Client, moves: Iterable[Move]) -> None:
    """Does all moves that are not done yet, at once. Again is fine. Raises SwitchFailed: then all is as it was before,
    or the message says that it is not."""
    wanted = tuple(moves)
    with server_failures(WHAT, SwitchFailed):
        pending = _pending(client, wanted)
        if not pending:
            return
        try:
            _rename_all(client, pending)
        except PyMongoError:
            _take_back(client, pending)
            raise
        if left := _pending(client, wanted):
            _take_back(client, pending)
            raise _not_possible(", ".join(move.source for move in left))


def undo(client: Client, moves: Iterable[Move]) -> None:
    """Everything back where it was before `switch`, which may have done all, a part or nothing."""
    switch(client, _reversed(moves))


def is_done(client: Client, moves: Iterable[Move]) -> bool:
    with server_failures(WHAT, SwitchFailed):
        return not _pending(client, tuple(moves))


def drop(client: Client, namespaces: Iterable[str]) -> None:
    """Staged or old collections; those that are gone are fine. Raises Refused for live ones."""
    for database, name in map(split, namespaces):
        if not is_aside(name):
            raise Refused(f"{database}.{name} sind lebende Daten", limit="beiseitegelegte Sammlungen")
        with server_failures(f"{database}.{name} lässt sich nicht entfernen"):
            client[database].drop_collection(name)


def _places(client: Client, databases: Iterable[str]) -> dict[str, str]:
    """Namespaces by UUID."""
    return {
        uuid: f"{database}.{name}" for database in databases for uuid, name in collections_of(client[database]).items()
    }


def _pending(client: Client, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Those not done. Raises SwitchFailed when a collection is at neither end, or something else is where it is to go:
    nothing is done then. (`applyOps` would put it away under a name of its own, without a word.)"""
    places = _places(client, {split(move.source)[0] for move in moves})
    pending = tuple(move for move in moves if places.get(move.uuid) != move.target)
    strangers = {place for uuid, place in places.items() if uuid not in {move.uuid for move in pending}}
    for move in pending:
        if places.get(move.uuid) != move.source:
            raise _not_possible(f"{move.source} liegt bei {places.get(move.uuid, 'niemandem')}")
        if move.target in strangers:
            raise _not_possible(f"{move.target} ist besetzt")
    return pending


def _not_possible(observed: str) -> SwitchFailed:
    return SwitchFailed(WHAT, observed=observed, next_step=ADVICE)


def _rename_all(client: Client, moves: tuple[Move, ...]) -> None:
    operations = [
        {
            "op": "c",
            "ns": f"{split(move.source)[0]}.$cmd",
            "o": {"renameCollection": move.source, "to": move.target, "stayTemp": False, "dropTarget": False},
        }
        for move in moves
    ]
    client.admin.command({"applyOps": operations, "writeConcern": {"w": "majority", "j": True}})


def _take_back(client: Client, moves: tuple[Move, ...]) -> None:
    done = tuple(move for move in moves if move not in _pending(client, moves))
    if done:
        _rename_all(client, _reversed(done))


def _reversed(moves: Iterable[Move]) -> tuple[Move, ...]:
    return tuple(Move(move.uuid, move.target, move.source) for move in reversed(tuple(moves)))
