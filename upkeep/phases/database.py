"""Services beside the app: bring them up, and make MongoDB usable."""

from __future__ import annotations

from dataclasses import replace

from upkeep.errors import NotReady
from upkeep.memory import state
from upkeep.plans.accounts import noted
from upkeep.policy.stack import MongoPolicy, Policy
from upkeep.ports.compose import Project
from upkeep.ports.mongo import Account
from upkeep.runs.run import Run

MEMBER = "mongodb:27017"  # lies in the replica set's own data: never change it
TIMEOUT = 120.0


def bring_up(run: Run, project: Project, policy: Policy, services: tuple[str, ...]) -> None:
    if services:
        run.ports.compose.up(project, services, stop_timeout=None)
    if policy.mongodb:
        run.ports.mongo.ensure_replica_set(address_of(run), keyfile_of(policy), MEMBER, TIMEOUT)


def set_accounts(run: Run, policy: Policy) -> None:
    """Least privilege: every user only on the application's database; root for the operator. Remembered first: whoever
    is made is removed again once nobody wants him."""
    if policy.mongodb:
        known = state.load(run.paths)
        run.remember(replace(known, hashes=noted(policy.mongodb, known.hashes)))
        run.ports.mongo.ensure_accounts(address_of(run), keyfile_of(policy), accounts(policy.mongodb))


def keyfile_of(policy: Policy) -> str:
    """The way in. Only for stacks with MongoDB."""
    assert policy.mongodb is not None  # noqa: S101 - the caller knows
    return policy.mongodb.keyfile.read_text(encoding="utf-8")


def accounts(mongodb: MongoPolicy) -> tuple[Account, ...]:
    root = Account("root", _secret(mongodb.root_password_file), "admin", (("root", "admin"),))
    users = (
        Account(
            user.name, _secret(user.password_file), mongodb.name, tuple((role, mongodb.name) for role in user.roles)
        )
        for user in mongodb.users
    )
    return (root, *users)


def _secret(path: object) -> str:
    from pathlib import Path

    return Path(str(path)).read_text(encoding="utf-8").strip()


def address_of(run: Run) -> str:
    containers = run.ports.docker.containers(run.paths.name)
    found = next((item for item in containers if item.role == "database" and item.running), None)
    if found is None or not found.address:
        raise NotReady(
            "Der MongoDB-Container läuft nicht", next_step=f"`docker logs {run.paths.name}-mongodb-1` ansehen."
        )
    return found.address
