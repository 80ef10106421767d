"""What Ansible places for the stack of a test's world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

REGISTRY = "registry.example:5000"
REPOSITORY = f"{REGISTRY}/lager"


def compose(slots: int, mongodb: bool) -> dict[str, Any]:
    services: dict[str, Any] = {
        f"app-{n}": {"image": "${UPKEEP_APP_IMAGE:?}", "labels": {"upkeep.role": "app"}, "secrets": ["token"]}
        for n in range(1, slots + 1)
    }
    services["gate"] = {"image": "${UPKEEP_GATE_IMAGE:?}", "labels": {"upkeep.role": "gate"}}
    if mongodb:
        services["mongodb"] = {"image": "${UPKEEP_MONGODB_IMAGE:?}", "labels": {"upkeep.role": "database"}}
    return {"services": services, "secrets": {"token": {"file": "./secrets/token"}}}


def policy(secrets: Path, slots: int, mongodb: bool) -> dict[str, Any]:
    database = {
        "image": "mongo:6.0",
        "name": "lager",
        "root_password_file": str(secrets / "root"),
        "keyfile": str(secrets / "keyfile"),
        "users": [{"name": "lager-app", "password_file": str(secrets / "app"), "roles": ["readWrite"]}],
    }
    return {
        "schema": 1,
        "stack": "lager",
        "image": {"channel": f"{REPOSITORY}:stable"},
        "gate_image": "haproxy:3.0",
        "registries_allowed": [REGISTRY],
        "app": {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "slots": slots},
        "update": {"ready_timeout": 20},
        "databases": {"mongodb": database} if mongodb else {},
        "published": [{"host_port": 80, "bind": "0.0.0.0"}],
    }
