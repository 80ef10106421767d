"""What a stack's state must have been, told from what is left: running digests, release.env, snapshots, journals.

Used when state.json cannot be believed. Running containers count most: they are what people see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from upkeep.layout import StackPaths
from upkeep.memory import held, journal, release
from upkeep.memory.journal import Operation, Record, Result
from upkeep.memory.release import Images, Release
from upkeep.memory.state import State
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.containers import Container


def rebuilt(paths: StackPaths, ports: Ports, policy: Policy) -> State:
    """An empty state when there is no trace of any release: the stack counts as not deployed then."""
    containers = ports.docker.containers(paths.name)
    images = _images(paths, containers)
    if images is None:
        return State()
    records = [record for record in journal.readable(paths) if record.finished_at]
    snapshot = _snapshot(paths, images)
    plan = _plan_of(records, snapshot)
    known = replace(
        _replayed(records),
        release=_release(ports, images, records, snapshot),
        images=images,
        references=plan.get("references") or {},
        hashes=plan.get("hashes") or {},
        owned=tuple(dict.fromkeys((*_images_of_snapshots(paths), *images.all))),
        pin=(plan["pin"][0], plan["pin"][1]) if plan.get("pin") else None,
    )
    if policy.migration is not None:
        known = replace(known, previous=None)  # whether the data still fit it, nobody knows any more
    return known if known.references else replace(known, references=policy.references)


def _images(paths: StackPaths, containers: tuple[Container, ...]) -> Images | None:
    """What runs; for what does not run, release.env's word, then the newest snapshot's."""
    written = release.read(paths.release_env) or next(iter(_env_files(paths).values()), None)
    if written is None:
        return None
    app = _running(containers, "app", written.app)
    gate = _running(containers, "gate", written.gate)
    return Images(app, gate, written.mongodb and _running(containers, "database", written.mongodb))


def _running(containers: tuple[Container, ...], role: str, written: str) -> str:
    """The image of the running containers of that role, if they agree; else what is written."""
    found = {item.digest for item in containers if item.role == role and item.running and item.digest}
    return f"{written.partition('@')[0]}@{found.pop()}" if len(found) == 1 else written


def _release(ports: Ports, images: Images, records: list[Record], snapshot: str | None) -> Release:
    digest = images.app.partition("@")[2]
    told = [item for record in records for item in (record.before, record.after) if item and item.digest == digest]
    image = ports.docker.image(images.app)
    version = (image.version if image else None) or next((item.version for item in told if item.version), None)
    since = next((item.since for item in reversed(told) if item.since), None)
    return Release(images.app, digest, version, since, snapshot)


def _snapshot(paths: StackPaths, images: Images) -> str | None:
    """The newest one that was made for this app's image."""
    return next((name for name, known in _env_files(paths).items() if known.app == images.app), None)


def _env_files(paths: StackPaths) -> dict[str, Images]:
    """Images of every snapshot that says them, newest first."""
    names = sorted((path.name for path in paths.releases.glob("*")), reverse=True)
    found = {name: release.read(paths.snapshot(name).directory / "release.env") for name in names}
    return {name: images for name, images in found.items() if images}


def _images_of_snapshots(paths: StackPaths) -> Iterator[str]:
    for images in _env_files(paths).values():
        yield from images.all


def _plan_of(records: list[Record], snapshot: str | None) -> dict[str, Any]:
    return next((record.plan or {} for record in records if record.id == snapshot and record.done("commit")), {})


def _replayed(records: list[Record]) -> State:
    """`previous`, `held` and `returned_from`, as the runs left them one after the other."""
    known = State()
    for record in records:
        before, after = record.before, record.after
        if record.result is Result.ROLLED_BACK and after and before and after.digest != before.digest:
            known = held.with_held(known, after)
        if record.result is Result.UPDATED and after:
            known = _moved_on(held.without(known, after.digest), record, before, after)
    return known


def _moved_on(known: State, record: Record, before: Release | None, after: Release) -> State:
    if record.operation is Operation.ROLLBACK and before:
        return replace(held.with_held(known, before), previous=None, returned_from=before)
    if before and before.digest != after.digest:
        return replace(known, previous=before, returned_from=None)
    return known
