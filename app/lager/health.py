"""Is this process fit to serve? Database, disk, memory, live updates, ledger; measured afresh at each question."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import anyio
from pymongo.errors import PyMongoError

from lager.bookings.chain import Sealing
from lager.live.live import Live
from lager.services import Services

PING_TIMEOUT = 2.0  # seconds
PING_SLOW_MS = 250.0
FREE_LOW_BYTES = 1024**3
FREE_LOW_PERCENT = 5.0
MEMORY_HIGH = 0.85  # of the container's limit
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
UNLIMITED = 2**60  # cgroup v1 says „no limit“ with a huge number


class Status(StrEnum):
    """Ordered from good to bad; only the last two are answered with 503."""

    OK = "ok"
    WARNING = "warning"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


_ORDER = list(Status)


@dataclass(frozen=True)
class DatabaseCheck:
    status: Status
    latency_ms: float | None
    detail: str | None = None


@dataclass(frozen=True)
class FilesCheck:
    status: Status
    free_bytes: int | None
    free_percent: float | None
    detail: str | None = None


@dataclass(frozen=True)
class MemoryCheck:
    status: Status
    resident_bytes: int
    limit_bytes: int | None
    detail: str | None = None


@dataclass(frozen=True)
class LiveCheck:
    """``lag_ms`` is what the newest event took from its writer to this slot; ``seq`` its number."""

    status: Status
    lag_ms: float | None
    seq: int
    detail: str | None = None


@dataclass(frozen=True)
class LedgerCheck:
    """``unsealed_seconds``: for how long the oldest booking without a seal has been waiting."""

    status: Status
    unsealed_seconds: float
    detail: str | None = None


@dataclass(frozen=True)
class Health:
    status: Status
    version: str
    instance: str
    database: DatabaseCheck
    files: FilesCheck
    memory: MemoryCheck
    live: LiveCheck
    ledger: LedgerCheck

    @property
    def is_ready(self) -> bool:
        return self.status in (Status.OK, Status.WARNING)

    def view(self) -> dict[str, Any]:
        checks = {
            "database": asdict(self.database),
            "files": asdict(self.files),
            "memory": asdict(self.memory),
            "live": asdict(self.live),
            "ledger": asdict(self.ledger),
        }
        return {"status": self.status, "version": self.version, "instance": self.instance, "checks": checks}


async def check(services: Services) -> Health:
    """Takes at most PING_TIMEOUT seconds."""
    database = await check_database(services)
    files = check_files(services.settings.files)
    memory = check_memory()
    checks = (database, files, memory, check_live(services.live), check_ledger(services.sealing))
    lifecycle = services.lifecycle
    worst = max((one.status for one in checks), key=_ORDER.index)
    status = Status.DRAINING if lifecycle.is_draining else worst
    return Health(status, services.settings.version, lifecycle.instance, *checks)


async def check_database(services: Services) -> DatabaseCheck:
    started = time.perf_counter()
    try:
        with anyio.fail_after(PING_TIMEOUT):
            await services.own.admin.command("ping")
    except (PyMongoError, TimeoutError):
        return DatabaseCheck(Status.UNHEALTHY, None, "MongoDB antwortet nicht.")
    latency = round((time.perf_counter() - started) * 1000, 2)
    if not services.lifecycle.is_prepared:
        return DatabaseCheck(Status.UNHEALTHY, latency, "Die Datenbank wird vorbereitet.")
    if latency > PING_SLOW_MS:
        return DatabaseCheck(Status.WARNING, latency, f"MongoDB antwortet langsam (üblich: unter {PING_SLOW_MS:g} ms).")
    return DatabaseCheck(Status.OK, latency)


def check_files(directory: Path) -> FilesCheck:
    try:
        disk = os.statvfs(directory)
    except OSError as exc:
        return FilesCheck(Status.UNHEALTHY, None, None, f"{directory} ist nicht erreichbar ({exc.strerror}).")
    free = disk.f_bavail * disk.f_frsize
    percent = round(100 * disk.f_bavail / disk.f_blocks, 1) if disk.f_blocks else 0.0
    if not os.access(directory, os.W_OK):
        return FilesCheck(Status.WARNING, free, percent, f"{directory} ist nicht beschreibbar.")
    if free < FREE_LOW_BYTES or percent < FREE_LOW_PERCENT:
        return FilesCheck(Status.WARNING, free, percent, "Der Speicherplatz wird knapp.")
    return FilesCheck(Status.OK, free, percent)


def check_memory(statm: Path = Path("/proc/self/statm"), limits: tuple[Path, ...] = MEMORY_LIMITS) -> MemoryCheck:
    resident = int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    limit = next((found for found in map(_limit, limits) if found), None)
    if limit and resident > MEMORY_HIGH * limit:
        return MemoryCheck(Status.WARNING, resident, limit, "Der Arbeitsspeicher wird knapp.")
    return MemoryCheck(Status.OK, resident, limit)


def check_live(live: Live) -> LiveCheck:
    """Never worse than a warning: everything else goes on, and pages say that they are not live."""
    troubles = " ".join(live.troubles())
    status = Status.WARNING if troubles else Status.OK
    return LiveCheck(status, live.tail.lag_ms, live.feed.newest, troubles or None)


def check_ledger(sealing: Sealing) -> LedgerCheck:
    """Never worse than a warning: people can book, and what is booked is sealed later."""
    troubles = " ".join(sealing.troubles())
    status = Status.WARNING if troubles else Status.OK
    return LedgerCheck(status, round(sealing.waiting_seconds, 1), troubles or None)


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < UNLIMITED else None
