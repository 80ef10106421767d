"""stack.yml: what a stack is and how it may be updated. Parsed once here; below nobody reads a mapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from upkeep import yaml_text
from upkeep.errors import PolicyInvalid
from upkeep.policy import backup as backup_policy
from upkeep.policy import channel, commands
from upkeep.policy import door as door_policy
from upkeep.policy import update as update_policy
from upkeep.policy.backup import BackupPolicy
from upkeep.policy.channel import ImageChoice
from upkeep.policy.commands import HooksPolicy, MigrationPolicy
from upkeep.policy.door import DoorPolicy
from upkeep.policy.fields import Fields
from upkeep.policy.update import Strategy, UpdatePolicy
from upkeep.versions.reference import Reference

SCHEMA = 1

__all__ = ["Policy", "Strategy", "UpdatePolicy", "parse", "read"]


@dataclass(frozen=True)
class AppPolicy:
    port: int
    health_path: str
    version_path: str | None
    smoke_path: str | None
    slots: int

    @property
    def slot_names(self) -> tuple[str, ...]:
        return tuple(f"app-{number}" for number in range(1, self.slots + 1))


@dataclass(frozen=True)
class MaintenanceLook:
    title: str
    text: str


@dataclass(frozen=True)
class DatabaseUser:
    """A user of the application's database. `roles` are MongoDB role names on that database."""

    name: str
    password_file: Path
    roles: tuple[str, ...]


@dataclass(frozen=True)
class MongoPolicy:
    image: Reference
    name: str
    root_password_file: Path
    keyfile: Path
    users: tuple[DatabaseUser, ...]


@dataclass(frozen=True)
class Published:
    host_port: int
    bind: str


@dataclass(frozen=True)
class Policy:
    stack: str
    image: ImageChoice
    gate_image: Reference
    registries_allowed: tuple[str, ...]
    app: AppPolicy
    update: UpdatePolicy
    maintenance: MaintenanceLook
    mongodb: MongoPolicy | None
    published: tuple[Published, ...]
    migration: MigrationPolicy | None
    hooks: HooksPolicy
    door: DoorPolicy
    backup: BackupPolicy | None

    @property
    def references(self) -> dict[str, str]:
        """What the state remembers of it: by which names gate and database were ordered."""
        mongodb = {"mongodb": str(self.mongodb.image)} if self.mongodb else {}
        return {"gate": str(self.gate_image)} | mongodb


def read(path: Path, stack: str) -> Policy:
    """Parse the policy of `stack`. Raises PolicyInvalid with key, value, limit and next step."""
    try:
        raw = yaml_text.parse(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise PolicyInvalid(
            f"{path} ist nicht lesbar",
            observed=exc.strerror,
            next_step="`ansible-playbook playbooks/site.yml` ausführen.",
        ) from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        place = str(exc).replace("\n", " ")
        raise PolicyInvalid(
            f"{path} ist kein gültiges YAML", observed=place, next_step="Playbook erneut ausführen."
        ) from exc
    return parse(raw, stack, str(path))


def parse(raw: object, stack: str, where: str = "stack.yml") -> Policy:
    fields = Fields(raw, where)
    fields.integer("schema", SCHEMA, SCHEMA)
    name = fields.text("stack")
    if name != stack:
        raise fields.wrong("stack", name, stack)
    app = _app(fields.section("app"))
    policy = Policy(
        stack=name,
        image=channel.choice(fields.section("image")),
        gate_image=channel.reference_in(fields, "gate_image"),
        registries_allowed=fields.texts("registries_allowed"),
        app=app,
        update=update_policy.parse(fields.section("update", {}), app.slots),
        maintenance=_maintenance(fields.section("maintenance", {})),
        mongodb=_databases(fields.section("databases", {})),
        published=tuple(_published(item) for item in fields.sections("published", ())),
        migration=commands.migration(fields.section("migration")) if fields.has("migration") else None,
        hooks=commands.hooks(fields.section("hooks", {})),
        door=door_policy.parse(fields.section("door", {})),
        backup=backup_policy.parse(fields.section("backup")) if fields.has("backup") else None,
    )
    for name in ("migration", "backup"):
        fields.take(name, None)
    return fields.finish(policy)


def _app(fields: Fields) -> AppPolicy:
    health_path = fields.path_text("health_path")
    if health_path is None:
        raise fields.wrong("health_path", None, "Pfad, zum Beispiel /api/health")
    return fields.finish(
        AppPolicy(
            port=fields.integer("port", 1, 65535),
            health_path=health_path,
            version_path=fields.path_text("version_path"),
            smoke_path=fields.path_text("smoke_path"),
            slots=fields.integer("slots", 1, 16, 1),
        )
    )


def _maintenance(fields: Fields) -> MaintenanceLook:
    fields.take("logo", None)  # both are for the page, which Ansible renders
    fields.take("accent", None)
    return fields.finish(
        MaintenanceLook(
            title=fields.text("title", "Wartung"),
            text=fields.text("text", "Update wird installiert… Das System startet in Kürze neu."),
        )
    )


def _databases(fields: Fields) -> MongoPolicy | None:
    mongodb = _mongodb(fields.section("mongodb")) if fields.has("mongodb") else None
    fields.take("mongodb", None)
    return fields.finish(mongodb)


def _mongodb(fields: Fields) -> MongoPolicy:
    return fields.finish(
        MongoPolicy(
            image=channel.reference_in(fields, "image"),
            name=fields.text("name"),
            root_password_file=Path(fields.text("root_password_file")),
            keyfile=Path(fields.text("keyfile")),
            users=tuple(_database_user(item) for item in fields.sections("users", ())),
        )
    )


def _database_user(fields: Fields) -> DatabaseUser:
    return fields.finish(
        DatabaseUser(fields.text("name"), Path(fields.text("password_file")), fields.texts("roles", ("readWrite",)))
    )


def _published(fields: Fields) -> Published:
    return fields.finish(Published(fields.integer("host_port", 1, 65535), fields.text("bind", "0.0.0.0")))  # noqa: S104
