"""The data on the host: two states that are easily told apart, „damals“ (in the first backup) and „heute“, and what is
always true of either: money only moves, every booking is counted."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onhost import judge, talk
from onhost.agent import PLACE
from upkeep.ports.mongo import connected

THEN, NOW = "damals", "heute"
KNOWN = PLACE / "stock.json"
VOLUMES = Path("/var/lib/docker/volumes")
FILE = Path("/srv/pfad/notiz")
DATABASE, SERVER = "rechnungen", "lager-db-1"
ACCOUNTS, EACH, BALLAST = 200, 1000, 20_000
MARK = {THEN: "nur_damals", NOW: "nur_heute"}
TABLES = f"""
CREATE TABLE konto (id int PRIMARY KEY, saldo bigint);
INSERT INTO konto SELECT n, {EACH} FROM generate_series(1, {ACCOUNTS}) AS n;
CREATE TABLE buchung (id text PRIMARY KEY);
CREATE TABLE zaehler (n bigint);
INSERT INTO zaehler VALUES (0);
CREATE TABLE stand (text text);
INSERT INTO stand VALUES ('{THEN}');
CREATE TABLE fuellung AS SELECT n AS id, md5(n::text) AS text FROM generate_series(1, {BALLAST}) AS n;
"""  # noqa: S608 - our own constants
ASK = """SELECT (SELECT sum(saldo) FROM konto), (SELECT count(*) FROM buchung), (SELECT n FROM zaehler),
(SELECT text FROM stand), (SELECT count(*) FROM fuellung)"""
Json = dict[str, Any]


@contextmanager
def mongo() -> Iterator[Any]:
    (container,) = [item for item in judge.own() if item["Name"] == "/lager-mongodb-1"]
    networks = container["NetworkSettings"]["Networks"].values()
    address = next((str(item["IPAddress"]) for item in networks if item["IPAddress"]), "")
    keyfile = (judge.HOME / "secrets/mongodb-keyfile").read_text(encoding="utf-8")
    with connected(address, keyfile, 5, 10) as client:
        yield client


def psql(statement: str, database: str = DATABASE) -> str:
    words = ("psql", "-w", "-q", "-tA", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-f", "-")
    argv = ["docker", "exec", "-i", SERVER, *words]
    return subprocess.run(argv, input=statement, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def fill(kinds: list[str], volumes: list[str]) -> None:
    """„damals“, for the first time."""
    if "mongo" in kinds:
        with mongo() as client:
            place = client["lager"]
            place.konten.insert_many([{"_id": n, "saldo": EACH} for n in range(ACCOUNTS)])
            place.fuellung.insert_many([{"_id": n, "text": "x" * 400} for n in range(BALLAST)])
            place.fuellung.create_index("text")
            place.buchungen.create_index("wann")
            place.zaehler.insert_one({"_id": 1, "n": 0})
            place.stand.insert_one({"_id": 1, "text": THEN})
            place[MARK[THEN]].insert_one({"_id": 1})
    if "postgres" in kinds:
        talk.until(lambda: _answers(), 60, every=0.5)
        psql(TABLES)
    for name in volumes:
        _marker(name).write_text(THEN, encoding="utf-8")
    if "volumes" in kinds:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(THEN, encoding="utf-8")
    KNOWN.write_text(json.dumps({"kinds": kinds, "volumes": volumes}), encoding="utf-8")
    remember(then=look(), kinds=kinds)


def _answers() -> bool:
    try:
        return psql("SELECT 1") == "1"
    except subprocess.SubprocessError:
        return False


def known() -> Json:
    return dict(json.loads(KNOWN.read_text(encoding="utf-8")))


def remember(**facts: Any) -> None:
    KNOWN.write_text(json.dumps(known() | facts), encoding="utf-8")


def change() -> None:
    """„damals“ becomes „heute“, with bookings of its own."""
    if "mongo" in known()["kinds"]:
        with mongo() as client:
            client["lager"].stand.update_one({"_id": 1}, {"$set": {"text": NOW}})
            client["lager"].drop_collection(MARK[THEN])
            client["lager"][MARK[NOW]].insert_one({"_id": 1})
            for number in range(3):
                book_mongo(client, f"heute-{number}")
    if "postgres" in known()["kinds"]:
        psql(f"UPDATE stand SET text = '{NOW}';")  # noqa: S608 - our own constant
        book_postgres("heute-0")
    for name in known()["volumes"]:
        _marker(name).write_text(NOW, encoding="utf-8")


def book_mongo(client: Any, booking: str) -> None:
    place = client["lager"]
    first, second = (int(hashlib.sha256(f"{booking}{n}".encode()).hexdigest(), 16) % ACCOUNTS for n in (1, 2))
    with client.start_session() as session, session.start_transaction():
        place.konten.update_one({"_id": first}, {"$inc": {"saldo": -1}}, session=session)
        place.konten.update_one({"_id": second}, {"$inc": {"saldo": 1}}, session=session)
        place.buchungen.insert_one({"_id": booking}, session=session)
        place.zaehler.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)


def book_postgres(booking: str) -> None:
    psql(
        f"""BEGIN; UPDATE konto SET saldo = saldo - 1 WHERE id = 1; UPDATE konto SET saldo = saldo + 1 WHERE id = 2;
        INSERT INTO buchung VALUES ('{booking}'); UPDATE zaehler SET n = n + 1; COMMIT;"""  # noqa: S608 - our own name
    )


def look() -> Json:
    """What is there now, in a form that can be compared. Raises where a database does not answer."""
    found: Json = {}
    if "mongo" in known()["kinds"]:
        with mongo() as client:
            found["mongo"] = _of_mongo(client["lager"])
    if "postgres" in known()["kinds"]:
        total, bookings, counted, side, ballast = psql(ASK).split("|")
        found["postgres"] = _of(int(total), int(bookings), int(counted), side, int(ballast))
    for name in known()["volumes"]:
        found[name] = _marker(name).read_text(encoding="utf-8")
    if "volumes" in known()["kinds"]:
        found["pfad"] = FILE.read_text(encoding="utf-8")
    return found


def _of_mongo(place: Any) -> Json:
    total = next(iter(place.konten.aggregate([{"$group": {"_id": None, "total": {"$sum": "$saldo"}}}])), {})
    side, marks = (place.stand.find_one() or {}).get("text", "?"), set(place.list_collection_names())
    side += "" if marks & {*MARK.values()} == {MARK.get(side)} else " (Sammlungen gemischt)"
    counted = (place.zaehler.find_one() or {}).get("n")
    found = _of(
        total.get("total"), place.buchungen.count_documents({}), counted, side, place.fuellung.count_documents({})
    )
    return found | {"indexes": sorted(place.fuellung.index_information())}


def _of(total: Any, bookings: int, counted: Any, side: str, ballast: int) -> Json:
    return {"sum": total, "bookings": bookings, "counted": counted, "side": side, "ballast": ballast}


def wrong(found: Json) -> list[str]:
    """What must never be, whichever state it is."""
    told = []
    for name in ("mongo", "postgres"):
        item = found.get(name)
        if item and (item["sum"], item["ballast"]) != (ACCOUNTS * EACH, BALLAST):
            told.append(f"{name}: Summe {item['sum']}, Füllung {item['ballast']}")
        if item and item["bookings"] != item["counted"]:
            told.append(f"{name}: {item['bookings']} Buchungen, gezählt {item['counted']}")
    for name in ("lager_files", "fremd_post"):
        if name in found and (problem := _torn(VOLUMES / name / "_data/buch")):
            told.append(f"{name}: {problem}")
    return told


def _torn(book: Path) -> str | None:
    """Lines `n n` from 1 on, without a gap."""
    lines = book.read_text(encoding="utf-8").split("\n") if book.exists() else [""]
    strange = [line for number, line in enumerate(lines[:-1], 1) if line != f"{number} {number}"]
    return f"Zeile „{(strange or lines)[0 if strange else -1]}“" if strange or lines[-1] else None


def bookings(kind: str) -> set[str]:
    """All that are there."""
    if kind == "mongo":
        with mongo() as client:
            return {item["_id"] for item in client["lager"].buchungen.find()}
    if kind == "postgres":
        return set(psql("SELECT id FROM buchung").split())
    return set((VOLUMES / "lager_daten/_data/entries").read_text(encoding="utf-8").split())


def forget_kept() -> None:
    """What earlier restores keep for their undoing goes: a run is not to be slower for every one before."""
    for place in (judge.DATA / "restores").glob("*"):
        shutil.rmtree(place)
    if "mongo" in known()["kinds"]:
        with mongo() as client:
            for name in client["lager"].list_collection_names():
                if name.startswith("upkeep-"):
                    client["lager"].drop_collection(name)
    if "postgres" in known()["kinds"]:
        for name in aside_in_postgres():
            psql(f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")


def aside_in_mongo() -> list[str]:
    with mongo() as client:
        return [name for name in client["lager"].list_collection_names() if name.startswith("upkeep-")]


def aside_in_postgres() -> list[str]:
    names = psql("SELECT datname FROM pg_database", "postgres").split()
    return [name for name in names if name not in ("postgres", "template0", "template1", DATABASE)]


def _marker(volume: str) -> Path:
    return VOLUMES / volume / "_data/stand"
