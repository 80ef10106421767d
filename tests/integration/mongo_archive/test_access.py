"""A mongod that asks for passwords: the agent comes in by the keyfile (docs/adr/0007) and needs no role of its own."""

from __future__ import annotations

import base64
import io
import os
import random
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.integration.app.mongod import binary
from upkeep.mongo_archive import (
    SwitchFailed,
    check,
    drop,
    dump,
    exchange,
    is_done,
    old,
    stage,
    staged,
    switch,
    undo,
)
from upkeep.ports.mongo import Account, PyMongo

Client = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and keyfile of a replica set, on a loopback address of its own at MongoDB's usual port."""
    place = tmp_path_factory.mktemp("locked")
    address = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
    keyfile = base64.b64encode(os.urandom(48)).decode()
    (place / "keyfile").write_text(keyfile)
    (place / "keyfile").chmod(0o400)
    argv = [str(binary()), "--dbpath", str(place), "--bind_ip", address, "--nounixsocket", "--replSet", "rs0"]
    argv += ["--keyFile", str(place / "keyfile"), "--logpath", str(place / "log"), "--wiredTigerCacheSizeGB", "0.25"]
    process = subprocess.Popen([*argv, "--setParameter", "enableLocalhostAuthBypass=false"], stdout=subprocess.DEVNULL)
    PyMongo().ensure_replica_set(address, keyfile, f"{address}:27017", 60)
    backup, app = (("backup", "admin"), ("restore", "admin")), (("readWrite", "shop"),)
    accounts = (Account("saver", "saver-password", "admin", backup), Account("app", "app-password", "shop", app))
    PyMongo().ensure_accounts(address, keyfile, accounts)
    yield address, keyfile
    process.terminate()
    process.wait(30)


def entered(address: str, name: str, password: str, source: str, **more: Any) -> Client:
    return MongoClient(address, directConnection=True, username=name, password=password, authSource=source, **more)


@pytest.fixture
def agent(locked: tuple[str, str]) -> Iterator[Client]:
    with entered(*locked_as(locked), "local", authMechanism="SCRAM-SHA-256") as client:
        client.drop_database("shop")
        client["shop"]["stock"].insert_many({"number": number} for number in range(100))
        yield client


def locked_as(locked: tuple[str, str]) -> tuple[str, str, str]:
    address, keyfile = locked
    return address, "__system", keyfile


def test_the_agent_may_dump_load_switch_undo_and_drop(agent: Client) -> None:
    sink = io.BytesIO()
    report = dump(agent, sink)
    assert "admin.system.users" in {one.namespace for one in report.collections}
    check(io.BytesIO(sink.getvalue()), report)
    loaded = stage(agent, io.BytesIO(sink.getvalue()), lambda name: staged(name, "r1"))
    pairs = [(one.target, one.source) for one in loaded.collections]
    moves = exchange(agent, pairs, lambda name: old(name, "r1"), ["shop"])
    switch(agent, moves)
    assert is_done(agent, moves)
    undo(agent, moves)
    drop(agent, [one.target for one in loaded.collections])
    assert agent["shop"].list_collection_names() == ["stock"]


def test_the_role_backup_is_enough_to_dump(locked: tuple[str, str], agent: Client) -> None:
    with entered(locked[0], "saver", "saver-password", "admin") as client:
        sink = io.BytesIO()
        report = dump(client, sink)
    assert {one.namespace: one.documents for one in report.collections}["shop.stock"] == 100


def test_the_role_restore_is_not_enough_to_switch_and_the_error_says_so(locked: tuple[str, str], agent: Client) -> None:
    sink = io.BytesIO()
    dump(agent, sink)
    loaded = stage(agent, io.BytesIO(sink.getvalue()), lambda name: staged(name, "r2"))
    moves = exchange(agent, [(one.target, one.source) for one in loaded.collections], lambda name: old(name, "r2"))
    with (
        entered(locked[0], "saver", "saver-password", "admin") as client,
        pytest.raises(SwitchFailed, match="not authorized"),
    ):
        switch(client, moves)
    assert not is_done(agent, moves[:1])


@pytest.mark.parametrize("password", ["wrong", "app-password"])
def test_whoever_may_not_read_everything_gets_a_clear_message(
    locked: tuple[str, str], agent: Client, password: str
) -> None:
    with (
        entered(locked[0], "app", password, "shop") as client,
        pytest.raises(Exception, match="Die MongoDB lässt sich nicht sichern") as failure,
    ):
        dump(client, io.BytesIO())
    assert "uthori" in str(failure.value) or "Authentication failed" in str(failure.value)


def test_two_users_in_turn_and_the_one_before_gets_in_no_more(agent: Client, locked: tuple[str, str]) -> None:
    (address, keyfile), roles = locked, (("readWrite", "shop"),)
    PyMongo().ensure_accounts(address, keyfile, (Account("app.one", "one-password", "shop", roles),))
    with entered(address, "app.one", "one-password", "shop") as before:
        assert before["shop"]["stock"].count_documents({}) == 100
        PyMongo().ensure_accounts(address, keyfile, (Account("app.two", "two-password", "shop", roles),))
        assert before["shop"]["stock"].count_documents({}) == 100
        with entered(address, "app.two", "two-password", "shop") as after:
            for _ in range(2):  # again is fine
                PyMongo().drop_accounts(address, keyfile, "shop", ("app.one",))
            assert after["shop"]["stock"].count_documents({}) == 100
        with pytest.raises(OperationFailure):
            before["shop"]["stock"].count_documents({})
    with entered(address, "app.one", "one-password", "shop") as late, pytest.raises(OperationFailure) as caught:
        late["shop"]["stock"].count_documents({})
    assert caught.value.code == 18  # AuthenticationFailed
