"""Phases of a step of the database's version, all behind the shut gate: until it opens, going back restores the data
exactly as they were.
"""

from __future__ import annotations

from upkeep.errors import DatabaseFailed, NotReady, Refused
from upkeep.phases.database import TIMEOUT, address_of, bring_up, keyfile_of
from upkeep.phases.database_copy import check_room, put_back, said_by, stop_errands
from upkeep.phases.patience import await_docker
from upkeep.phases.prepare import app_containers
from upkeep.phases.ready import check_slot
from upkeep.phases.slots import restore_env, stop_slots
from upkeep.phases.switch import name_images
from upkeep.policy.stack import Policy
from upkeep.ports.docker import Container, by_service
from upkeep.ports.mongo import PORT, Facts
from upkeep.runs.run import Run
from upkeep.versions import mongo as mongo_versions
from upkeep.versions.mongo import MongoVersion

HOPELESS_RESTARTS = 3
STOP_TIMEOUT = 300.0  # a clean stop writes everything down; a killed mongod is no state to copy


def compare_versions(run: Run) -> str:
    """Before anything is touched: may MongoDB make this step, and is there room to take it back? Raises Refused."""
    facts, target = _facts(run, run.policy), _version_of_image(run)
    current = mongo_versions.parse(facts.version)
    if current is None:
        raise Refused("Die laufende MongoDB nennt keine Version", observed=facts.version)
    mongo_versions.refuse_step(current, target, facts.feature)
    found = {"from": str(current), "to": str(target), "feature": facts.feature}
    run.record.database = run.record.database | found
    size = check_room(run)
    return f"{current} → {target}, {size} MB Daten"


def stop_database(run: Run) -> str:
    container = _container(run)
    if container and not container.at_rest:
        run.ports.docker.stop(container.id, STOP_TIMEOUT)
        container = _container(run)
    if container is None or container.exit_code != 0:
        code = container.exit_code if container else "kein Container"
        raise DatabaseFailed("MongoDB ließ sich nicht sauber anhalten", observed=f"Exit-Code {code}", limit=0)
    return "sauber angehalten"


def start_database(run: Run) -> str:
    """One that dies over the data again and again is not waited for."""
    name_images(run)
    run.ports.compose.up(run.project(), run.plan.services, stop_timeout=None)
    clock = run.ports.clock
    deadline = clock.monotonic() + TIMEOUT
    while not _listens(run) and clock.monotonic() < deadline:
        container = _container(run)
        if container and container.restarts >= HOPELESS_RESTARTS:
            last = [line for line in run.ports.docker.logs(container.id, 3) if line.strip()]
            raise DatabaseFailed(
                f"{run.plan.database} startet mit diesen Daten nicht",
                observed=f"Exit-Code {container.exit_code}, zuletzt: {last[-1][:200] if last else 'keine Meldung'}",
            )
        clock.sleep(0.2)
    bring_up(run, run.project(), run.policy, run.plan.services)
    return run.plan.database


def _listens(run: Run) -> bool:
    container = _container(run)
    return bool(container and container.address and run.ports.probe.connects(container.address, PORT, 1.0))


def prove_database(run: Run) -> str:
    """The server is the one that was ordered."""
    said = _facts(run, run.policy).version
    if said != run.record.database["to"]:
        raise DatabaseFailed("MongoDB meldet eine andere Version", observed=said, limit=run.record.database["to"])
    return said


def start_again(run: Run) -> str:
    """The very containers of the app that were stopped."""
    for item in app_containers(run):
        if item.id in run.record.replaced and not item.running:
            run.ports.docker.start(item.id)
    return ", ".join(sorted({item.service for item in app_containers(run)}))


def watch_database(run: Run) -> str:
    """The bake window: database and app stay well on data that can still be taken back."""
    clock, seconds = run.ports.clock, run.policy.update.bake
    until, began = clock.monotonic() + seconds, _life(run)
    while clock.monotonic() < until:
        clock.sleep(min(1.0, seconds))
        if _life(run) != began:
            raise DatabaseFailed("MongoDB ist in der Beobachtungszeit neu gestartet")
        _facts(run, run.policy)
        _refuse_sick_slots(run)
    run.record.timings["bake_s"] = seconds
    return f"{seconds:g} s beobachtet"


def raise_feature(run: Run) -> str:
    """The last step that can be taken back, and only with the copy."""
    target = mongo_versions.parse(run.record.database["to"])
    assert target is not None  # noqa: S101 - it was parsed before
    facts = _facts(run, run.policy)
    if facts.feature == target.series:
        return f"war schon {target.series}"
    confirm = target.major >= mongo_versions.CONFIRMED_SINCE
    run.ports.mongo.raise_feature(address_of(run), keyfile_of(run.policy), target.series, confirm)
    after = _facts(run, run.policy).feature
    if after != target.series:
        raise DatabaseFailed("Die featureCompatibilityVersion blieb stehen", observed=after, limit=target.series)
    return f"{facts.feature} → {after}"


def return_database(run: Run) -> str:
    """The image before, and the data before: bit for bit, if the new server may have touched them."""
    await_docker(run.ports)
    stop_slots(run)
    stop_errands(run)
    if run.record.intended("switch"):
        container = _container(run)
        if container and not container.at_rest:
            run.ports.docker.stop(container.id, STOP_TIMEOUT)
        restore_env(run)
        put_back(run)
    bring_up(run, run.project_before(), run.policy_before, ("mongodb",))
    start_again(run)
    return run.record.database.get("from", "")


def _version_of_image(run: Run) -> MongoVersion:
    image = run.plan.images.mongodb if run.plan.images else None
    assert image is not None  # noqa: S101 - there is a database to step
    code, output = said_by(run, ("mongod", "--version"), image)
    version = mongo_versions.parse(output)
    if code != 0 or version is None:
        raise Refused(
            f"In {run.plan.database} läuft kein mongod auf diesem Host",
            observed=" · ".join(output.strip().splitlines()[-2:]) or f"Exit-Code {code}",
            limit="mongod --version nennt eine Version",
            next_step="Ab MongoDB 5.0 muss der Prozessor AVX können (`grep -c avx /proc/cpuinfo`).",
        )
    return version


def _facts(run: Run, policy: Policy) -> Facts:
    return run.ports.mongo.facts(address_of(run), keyfile_of(policy))


def _container(run: Run) -> Container | None:
    return by_service(run.ports.docker.containers(run.paths.name)).get("mongodb")


def _life(run: Run) -> tuple[str, int] | None:
    container = _container(run)
    return (container.started_at, container.restarts) if container and container.running else None


def _refuse_sick_slots(run: Run) -> None:
    containers = by_service(run.ports.docker.containers(run.paths.name))
    for slot in run.policy.app.slot_names:
        problem = check_slot(run, run.policy.app, run.plan.target, containers.get(slot))
        if problem:
            raise NotReady(f"{slot} wurde in der Beobachtungszeit schlecht (zuletzt {problem})")
