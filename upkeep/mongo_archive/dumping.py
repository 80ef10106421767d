"""A hot, consistent dump: every collection as it was at one moment, while others go on writing.

A snapshot session reads all collections at one cluster time. What the session cannot do is notice that a collection
was dropped or renamed meanwhile (it then reads as empty, without an error): identities are compared at the end.
"""

from __future__ import annotations

from datetime import UTC
from typing import BinaryIO

from upkeep import __version__
from upkeep.mongo_archive import layout
from upkeep.mongo_archive.catalogue import (
    COLLECTION,
    VIEW,
    Catalogue,
    Client,
    Collection,
    LeaveOut,
    LeftOut,
    keep_all,
    survey,
)
from upkeep.mongo_archive.checksum import crc64
from upkeep.mongo_archive.delivery import Delivery
from upkeep.mongo_archive.failures import AGAIN, DumpRefused, DumpSpoiled, dump_failures
from upkeep.mongo_archive.report import DumpedCollection, DumpReport
from upkeep.mongo_archive.snapshot import Snapshot, opened
from upkeep.mongo_archive.window import widened

SECONDS = 3600.0


def dump(client: Client, sink: BinaryIO, *, leave_out: LeaveOut = keep_all, seconds: float = SECONDS) -> DumpReport:
    """All collections and views of all databases into `sink`, uncompressed. `leave_out(database, name)` says why one is
    not wanted. `seconds` for the whole; the client brings its own timeouts (`socketTimeoutMS`) for a silent server.

    Raises DumpSpoiled (begin again), DumpRefused (nothing was written), SinkFailed, DatabaseFailed.
    """
    with Delivery(sink, seconds) as delivery, dump_failures("Die MongoDB lässt sich nicht sichern"):
        server, feature = _server(client)
        there = survey(client, leave_out)
        with widened(client, seconds), opened(client) as snapshot:
            if survey(client, leave_out) != there:
                raise DumpSpoiled("Sammlungen änderten sich, als die Sicherung begann", next_step=AGAIN)
            delivery.put(layout.prelude(server, f"upkeep-{__version__}", there.collections))
            dumped = tuple(_dumped(snapshot, one, delivery) for one in there.collections)
        newer = _compare(there, survey(client, leave_out))
    moment = snapshot.moment
    at = moment.as_datetime().astimezone(UTC).isoformat()
    cluster_time = f"{moment.time}.{moment.inc}"
    left_out = (*there.left_out, *newer)
    return DumpReport(cluster_time, at, server, feature, dumped, left_out, delivery.bytes, delivery.sha256)


def _server(client: Client) -> tuple[str, str]:
    """Version and feature compatibility. Raises DumpRefused for a server without snapshots."""
    hello = client.admin.command("hello")
    if "setName" not in hello:
        raise DumpRefused(
            "Diese MongoDB gehört zu keinem Replica Set und lässt sich im Betrieb nicht widerspruchsfrei sichern",
            limit="Replica Set (auch mit einem einzigen Mitglied)",
            next_step="Mit `--replSet` starten und `rs.initiate()` aufrufen, oder das Volume mit `stop` sichern.",
        )
    if not hello.get("isWritablePrimary"):
        raise DumpRefused("Diese MongoDB ist nicht Primary", observed=hello.get("primary", "kein Primary"))
    asked = client.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
    return client.server_info()["version"], asked["featureCompatibilityVersion"]["version"]


def _dumped(snapshot: Snapshot, one: Collection, delivery: Delivery) -> DumpedCollection:
    documents = size = crc = 0
    for batch, count in () if one.kind == VIEW else snapshot.batches(one):
        documents, size, crc = documents + count, size + len(batch), crc64(batch, crc)
        delivery.put(*layout.block(one, batch))
    delivery.put(layout.closing(one, crc))
    names = tuple(index["name"] for index in one.indexes)
    in_snapshot = not one.is_capped
    place = (one.database, one.name, one.kind, one.uuid)
    return DumpedCollection(*place, documents, size, f"{crc:016x}", names, in_snapshot)


def _compare(there: Catalogue, now: Catalogue) -> tuple[LeftOut, ...]:
    """What was made after the moment of the dump, and so is not in it. Raises DumpSpoiled for what went away."""
    present = now.identities
    gone = sorted(place for place, uuid in there.identities.items() if present.get(place) != uuid)
    if gone:
        raise DumpSpoiled("Sammlungen verschwanden während der Sicherung", observed=", ".join(gone), next_step=AGAIN)
    newer = (one for one in now.collections if one.kind == COLLECTION and one.namespace not in there.identities)
    return tuple(LeftOut(one.database, one.name, "nach dem Zeitpunkt der Sicherung angelegt") for one in newer)
