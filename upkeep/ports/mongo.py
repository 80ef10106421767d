"""MongoDB over the container's address: replica set and users. The keyfile is the way in (internal user __system), so
that neither an order of passwords nor a default account is needed, and a changed root password is no dead end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from upkeep.errors import DatabaseFailed

PORT = 27017


@dataclass(frozen=True)
class Account:
    """A MongoDB user: made in `database`, roles as (role, database)."""

    name: str
    password: str = field(repr=False)
    database: str
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """`version` of the server, `feature`: the feature compatibility version of its data."""

    version: str
    feature: str


class Mongo(Protocol):
    """All raise DatabaseFailed."""

    def ensure_replica_set(self, address: str, keyfile: str, member: str, timeout: float) -> bool:
        """Initiate rs0 with one member (`host:port`) if nobody did, wait until it is primary. True when it was new."""

    def ensure_accounts(self, address: str, keyfile: str, accounts: tuple[Account, ...]) -> None:
        """Create or update users; passwords and roles are as given afterwards."""

    def drop_accounts(self, address: str, keyfile: str, database: str, names: tuple[str, ...]) -> None:
        """Nobody gets in as one of them any more. One that is not there is fine."""

    def facts(self, address: str, keyfile: str) -> Facts: ...

    def raise_feature(self, address: str, keyfile: str, series: str, confirm: bool) -> None:
        """Set the feature compatibility version. `confirm`: whether the server wants that word."""


class PyMongo:
    def ensure_replica_set(self, address: str, keyfile: str, member: str, timeout: float) -> bool:
        with _failures("MongoDB ist nicht bereit geworden"), connected(address, keyfile, timeout) as client:
            fresh = not _initiated(client)
            if fresh:
                config = {"_id": "rs0", "members": [{"_id": 0, "host": member}]}
                client.admin.command("replSetInitiate", config)
        with _failures("MongoDB ist nicht Primary geworden"), connected(address, keyfile, timeout) as client:
            _await_primary(client, timeout)
        return fresh

    def ensure_accounts(self, address: str, keyfile: str, accounts: tuple[Account, ...]) -> None:
        with _failures("MongoDB-Benutzer lassen sich nicht einrichten"), connected(address, keyfile, 30) as client:
            for account in accounts:
                _ensure(client[account.database], account)

    def drop_accounts(self, address: str, keyfile: str, database: str, names: tuple[str, ...]) -> None:
        with _failures("MongoDB-Benutzer lassen sich nicht entfernen"), connected(address, keyfile, 30) as client:
            for name in names:
                if client[database].command("usersInfo", name)["users"]:
                    client[database].command("dropUser", name)

    def facts(self, address: str, keyfile: str) -> Facts:
        with _failures("MongoDB antwortet nicht"), connected(address, keyfile, 30) as client:
            asked = client.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
            return Facts(client.server_info()["version"], asked["featureCompatibilityVersion"]["version"])

    def raise_feature(self, address: str, keyfile: str, series: str, confirm: bool) -> None:
        words = {"confirm": True} if confirm else {}
        with _failures("Das Datenformat lässt sich nicht freigeben"), connected(address, keyfile, 30) as client:
            client.admin.command({"setFeatureCompatibilityVersion": series, **words})


def _ensure(database: Any, account: Account) -> None:
    known = database.command("usersInfo", account.name)["users"]
    database.command(
        "updateUser" if known else "createUser",
        account.name,
        pwd=account.password,
        roles=[{"role": role, "db": place} for role, place in account.roles],
    )


def _initiated(client: Any) -> bool:
    from pymongo.errors import OperationFailure

    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as exc:
        if exc.code == 94:  # NotYetInitialized
            return False
        raise
    return True


def _await_primary(client: Any, timeout: float) -> None:
    import time

    deadline = time.monotonic() + timeout
    while not client.admin.command("hello").get("isWritablePrimary"):
        if time.monotonic() > deadline:
            raise DatabaseFailed("MongoDB ist nicht Primary geworden", limit=f"{timeout:g} s")
        time.sleep(0.1)


@contextmanager
def connected(address: str, keyfile: str, timeout: float, silence: float = 30.0) -> Iterator[Any]:
    """A client that may everything. `timeout` in seconds until the server must have answered, `silence`: that one
    command may take."""
    from pymongo import MongoClient

    client: Any = MongoClient(
        address,
        PORT,
        directConnection=True,
        username="__system",
        password="".join(keyfile.split()),
        authSource="local",
        authMechanism="SCRAM-SHA-256",
        serverSelectionTimeoutMS=int(timeout * 1000),
        connectTimeoutMS=2000,
        socketTimeoutMS=int(silence * 1000),
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _failures(what: str) -> Iterator[None]:
    from pymongo.errors import PyMongoError

    try:
        yield
    except PyMongoError as exc:
        details = getattr(exc, "details", None) or {}
        observed = details.get("errmsg") or str(exc).partition(", Timeout:")[0]
        raise DatabaseFailed(
            what, observed=observed, next_step="`docker logs` des MongoDB-Containers ansehen."
        ) from exc
