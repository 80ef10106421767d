"""Which users of the application's database are new, which change under their name, which are no longer wanted.

The state remembers each one that the agent has made (`account:<name>`, a hash of password and rights, empty where that
is not known) until it is gone from the database.
"""

from __future__ import annotations

from collections.abc import Mapping

from upkeep import composition
from upkeep.policy.stack import DatabaseUser, MongoPolicy, Policy

PREFIX = "account:"


def hashes_of(policy: Policy, before: Policy | None, known: Mapping[str, str]) -> dict[str, str]:
    """Of those that are wanted, and as they were of those that are there."""
    wanted = {_key(user.name): composition.content_hash([user.password_file], user.roles) for user in _users(policy)}
    present = {_key(user.name): "" for user in _users(before)} if before else {}
    return present | {key: value for key, value in known.items() if key.startswith(PREFIX)} | wanted


def changed_in_place(before: Policy, hashes: Mapping[str, str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Whose password or rights change while somebody works with them, as far as is known."""
    names = (user.name for user in _users(before))
    return tuple(name for name in names if hashes.get(_key(name), "") != known.get(_key(name), ""))


def superseded(policy: Policy, hashes: Mapping[str, str]) -> tuple[str, ...]:
    """Who is in the database and not wanted any more."""
    if policy.mongodb is None:
        return ()
    wanted = {_key(user.name) for user in _users(policy)}
    return tuple(sorted(key.removeprefix(PREFIX) for key in hashes if key.startswith(PREFIX) and key not in wanted))


def noted(mongodb: MongoPolicy, hashes: Mapping[str, str]) -> dict[str, str]:
    return {_key(user.name): "" for user in mongodb.users} | dict(hashes)


def without(hashes: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    gone = {_key(name) for name in names}
    return {key: value for key, value in hashes.items() if key not in gone}


def _key(name: str) -> str:
    return f"{PREFIX}{name}"


def _users(policy: Policy) -> tuple[DatabaseUser, ...]:
    return policy.mongodb.users if policy.mongodb else ()
