"""The part of stack.yml that says what is backed up, where to, how often it is expected and how long it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from upkeep.policy import drill as drill_policy
from upkeep.policy.drill import DrillPolicy
from upkeep.policy.fields import Fields

DATABASE = re.compile(r"[\w.-]{1,63}")
REGION = re.compile(r"[a-z0-9-]{0,40}")
RECIPIENT = re.compile(r"age1[a-z0-9]{20,100}")


class Quiesce(StrEnum):
    """What happens to the containers that use a volume while it is read."""

    NONE = "none"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True)
class VolumeSource:
    """`name`: of the volume in Docker, whoever it belongs to."""

    name: str
    quiesce: Quiesce


@dataclass(frozen=True)
class PostgresSource:
    """A database in a PostgreSQL of the stack. `service`: its name in compose.yml; `user` enters by its socket."""

    service: str
    database: str
    user: str


@dataclass(frozen=True)
class Keep:
    """How many of each are kept: the newest backup of so many hours, days, weeks, months, years that have one."""

    hourly: int
    daily: int
    weekly: int
    monthly: int
    yearly: int


@dataclass(frozen=True)
class Target:
    """A restic repository. Its address (with credentials, so in a file) and everything else that is secret are files.
    `host`: the name this host has in it. `append_only`: only the server may remove something. `mount`: where a disk or
    a share has to be mounted. `s3_region`: of storage that is asked for one."""

    address_file: Path
    password_file: Path
    host: str
    append_only: bool = False
    mount: Path | None = None
    ca_file: Path | None = None
    ssh_key_file: Path | None = None
    ssh_known_hosts_file: Path | None = None
    s3_credentials_file: Path | None = None
    s3_region: str = ""


@dataclass(frozen=True)
class Export:
    """Where single files for everybody go. `recipients`: age's public keys, without them everybody can read the files;
    `keep`: so many of them stay."""

    directory: Path
    recipients: tuple[str, ...]
    keep: int
    mount: Path | None


@dataclass(frozen=True)
class BackupPolicy:
    """`files`: of the host, beside what belongs to the stack anyway. `timeout`: for one whole backup, `overdue`:
    without a good one for so long somebody is told, `undo`: what a restore replaces is kept; all in seconds.
    `volatile`: collections of the application's database that a restore empties."""

    target: Target
    files: tuple[Path, ...]
    volumes: tuple[VolumeSource, ...]
    postgres: tuple[PostgresSource, ...]
    keep: Keep
    timeout: float
    overdue: float
    undo: float
    volatile: tuple[str, ...]
    drill: DrillPolicy
    export: Export | None = None


def parse(fields: Fields) -> BackupPolicy:
    return fields.finish(
        BackupPolicy(
            target=_target(fields.section("target")),
            files=tuple(Path(item) for item in fields.texts("files", ())),
            volumes=tuple(_volume(item) for item in fields.sections("volumes", ())),
            postgres=tuple(_postgres(item) for item in fields.sections("postgres", ())),
            keep=_keep(fields.section("keep", {})),
            timeout=fields.seconds("timeout", 60, 7 * 86400, 4 * 3600),
            overdue=fields.seconds("overdue", 3600, 366 * 86400, 26 * 3600),
            undo=fields.seconds("undo", 3600, 366 * 86400, 7 * 86400),
            volatile=fields.texts("volatile", ()),
            drill=drill_policy.parse(fields.section("drill", {})),
            export=_export(fields.section("export")) if fields.has("export") else None,
        )
    )


def _target(fields: Fields) -> Target:
    return fields.finish(
        Target(
            address_file=Path(fields.text("address_file")),
            password_file=Path(fields.text("password_file")),
            host=fields.text("host"),
            append_only=fields.flag("append_only", False),
            mount=_file(fields, "mount"),
            ca_file=_file(fields, "ca_file"),
            ssh_key_file=_file(fields, "ssh_key_file"),
            ssh_known_hosts_file=_file(fields, "ssh_known_hosts_file"),
            s3_credentials_file=_file(fields, "s3_credentials_file"),
            s3_region=_region(fields),
        )
    )


def _region(fields: Fields) -> str:
    region = fields.text("s3_region", "")
    if not REGION.fullmatch(region):
        raise fields.wrong("s3_region", region[:20], "der Name einer Region, zum Beispiel eu-central-1")
    return region


def _export(fields: Fields) -> Export:
    recipients = fields.texts("recipients", ())
    for recipient in recipients:
        if not RECIPIENT.fullmatch(recipient):
            raise fields.wrong("recipients", recipient[:20], "öffentliche Schlüssel von age (age1…)")
    directory = _file(fields, "directory")
    if directory is None:
        raise fields.wrong("directory", None, "ein Ordner des Hosts")
    return fields.finish(Export(directory, recipients, fields.integer("keep", 1, 1000, 5), _file(fields, "mount")))


def _file(fields: Fields, key: str) -> Path | None:
    return Path(text) if (text := fields.path_text(key)) else None


def _volume(fields: Fields) -> VolumeSource:
    quiesce = Quiesce(fields.choice("quiesce", tuple(Quiesce), "none"))
    return fields.finish(VolumeSource(fields.text("name"), quiesce))


def _postgres(fields: Fields) -> PostgresSource:
    """The database's name is part of the snapshot's marks."""
    database = fields.text("database")
    if not DATABASE.fullmatch(database):
        raise fields.wrong("database", database, "Buchstaben, Ziffern, Punkt, Strich und Unterstrich")
    return fields.finish(PostgresSource(fields.text("service"), database, fields.text("user", "postgres")))


def _keep(fields: Fields) -> Keep:
    return fields.finish(
        Keep(
            hourly=fields.integer("hourly", 0, 1000, 24),
            daily=fields.integer("daily", 1, 1000, 14),
            weekly=fields.integer("weekly", 0, 1000, 8),
            monthly=fields.integer("monthly", 0, 1000, 12),
            yearly=fields.integer("yearly", 0, 1000, 3),
        )
    )
