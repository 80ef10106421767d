"""Databases of a PostgreSQL in a container, exchanged on real servers: all leads back, nothing is left behind."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator

import pytest

from testbed.engine import docker
from tests.integration.postgres.server import Server
from upkeep.backup.postgres_feed import write
from upkeep.errors import Refused
from upkeep.ports.databases import OLD, STAGED, ContainerDatabases, Exchange, Place, name_beside
from upkeep.ports.postgres import StatementFailed

RUN = "20261122-011500-restore-1a2b"
EXCHANGE = Exchange(name_beside("etikett", STAGED, RUN), "etikett", name_beside("etikett", OLD, RUN))
ROWS = "SELECT count(*) FROM label"
ABOUT = """SELECT pg_get_userbyid(datdba), datconnlimit, datallowconn, setconfig::text,
(SELECT array_agg(one::text ORDER BY one::text) FROM unnest(datacl) one)
FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = 'etikett';"""


class Told(io.BytesIO):
    """A backup that turns out to be another one at its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if data := super().read(size):
            return data
        raise StatementFailed("etikett ist nicht, was gesichert wurde")


@pytest.fixture
def place(entered: Server) -> Place:
    return Place(entered.container, "postgres")


@pytest.fixture
def dump(entered: Server, place: Place) -> bytes:
    """Of 5,000 labels. One more was written since."""
    sink = io.BytesIO()
    write(place, "etikett", sink, 60)
    entered.sql("INSERT INTO label (text) VALUES ('danach')", "etikett")
    return sink.getvalue()


@pytest.fixture
def staged(place: Place, dump: bytes) -> ContainerDatabases:
    databases = ContainerDatabases()
    assert databases.load(place, "etikett", EXCHANGE.coming, io.BytesIO(dump), 60) == len(dump)
    return databases


@pytest.fixture
def busy(entered: Server) -> Iterator[None]:
    """Somebody is in the live database and does not let go."""
    words = ("psql", "-U", "postgres", "-d", "etikett", "-c", "SELECT pg_sleep(300)")
    with subprocess.Popen(docker("exec", entered.container, *words), stderr=subprocess.DEVNULL) as child:
        yield
        child.kill()


def names(server: Server) -> set[str]:
    return set(server.sql("SELECT datname FROM pg_database WHERE datname LIKE 'etikett%'").splitlines())


def test_it_is_loaded_beside_exchanged_and_taken_back(
    entered: Server, place: Place, staged: ContainerDatabases, busy: None
) -> None:
    before = entered.sql(ABOUT)
    assert (entered.sql(ROWS, "etikett"), entered.sql(ROWS, EXCHANGE.coming)) == ("5001", "5000")
    for _ in range(2):
        staged.take(place, EXCHANGE)
        assert names(entered) == {"etikett", EXCHANGE.aside}
        assert (entered.sql(ROWS, "etikett"), entered.sql(ROWS, EXCHANGE.aside)) == ("5000", "5001")
        assert entered.sql(ABOUT) == before
    for _ in range(2):
        staged.take_back(place, EXCHANGE)
        assert names(entered) == {"etikett", EXCHANGE.coming}
        assert entered.sql(ROWS, "etikett") == "5001"
    assert (staged.drop(place, RUN), staged.drop(place, RUN)) == (1, 0)
    assert names(entered) == {"etikett"}


def test_an_exchange_that_was_cut_short_leads_on_and_back(
    entered: Server, place: Place, staged: ContainerDatabases
) -> None:
    for lead in (staged.take, staged.take_back):
        entered.sql(f"""ALTER DATABASE etikett ALLOW_CONNECTIONS false;
        ALTER DATABASE "{min(names(entered) - {"etikett"})}" ALLOW_CONNECTIONS false""")
        lead(place, EXCHANGE)
        assert entered.sql("SELECT count(*) FROM pg_database WHERE NOT datallowconn AND datname LIKE 'etikett%'") == "0"
    assert entered.sql(ROWS, "etikett") == "5001"


@pytest.mark.parametrize("damage", ["cut", "flipped", "another"])
def test_what_is_not_the_backup_leaves_no_trace(entered: Server, place: Place, dump: bytes, damage: str) -> None:
    middle = len(dump) // 2
    spoiled = {"cut": dump[:middle], "flipped": dump[:middle] + bytes([dump[middle] ^ 255]) + dump[middle + 1 :]}
    source = Told(dump) if damage == "another" else io.BytesIO(spoiled[damage])
    with pytest.raises(StatementFailed):
        ContainerDatabases().load(place, "etikett", EXCHANGE.coming, source, 60)
    assert names(entered) == {"etikett"}
    assert entered.sql(ROWS, "etikett") == "5001"


def test_what_cannot_be_exchanged_is_refused_with_the_reason(entered: Server, place: Place) -> None:
    databases = ContainerDatabases()
    same = f"pg_dump (PostgreSQL) {entered.major}.1"
    databases.refuse_unfit(place, "etikett", same)
    for user, database, saved_by, told in (
        ("postgres", "fehlt", same, "es gibt sie dort nicht"),
        ("postgres", "postgres", same, "PostgreSQLs eigene"),
        ("postgres", "etikett", "pg_dump (PostgreSQL) 99.1 (Debian)", "neueren PostgreSQL"),
        ("lager", "etikett", same, "darf keine Datenbank anlegen"),
    ):
        with pytest.raises(Refused, match=told):
            databases.refuse_unfit(Place(entered.container, user), database, saved_by)
    assert databases.answers(place)
    assert not databases.answers(Place("gibt-es-nicht", "postgres"))


def test_a_table_of_sessions_comes_back_empty(entered: Server, place: Place) -> None:
    databases = ContainerDatabases()
    databases.empty(place, "etikett", "label")
    databases.empty(place, "etikett", "fehlt")
    assert entered.sql(ROWS, "etikett") == "0"
