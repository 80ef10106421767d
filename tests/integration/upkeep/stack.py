"""A hand-made stack, as role `stack` would place it: tiny app, real gate, optionally real MongoDB."""

from __future__ import annotations

import copy
from typing import Any

import yaml

REGISTRY = "registry.upkeep.test:5000"
MAINTENANCE_PAGE = "<h1>%[str(title),map(/maps/state.map)]</h1>"
HAPROXY = """\
global
    log stdout format raw local0 info
    stats socket /run/gate/admin.sock mode 660 level admin expose-fd listeners
    server-state-file /maps/servers.state
defaults
    mode http
    log global
    load-server-state-from-file global
    option idle-close-on-response
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 2s
    timeout check 2s
resolvers docker
    nameserver docker 127.0.0.11:53
    hold valid 1s
    hold nx 24h
    hold timeout 24h
    hold refused 24h
    hold other 24h
    hold obsolete 24h
frontend web
    bind :8080
    http-request set-var(txn.closed_by) str(maintenance),map(opt@/maps/state.map)
    acl closed var(txn.closed_by) -m found
    http-request set-var(txn.title) str(title),map(opt@/maps/state.map) if closed
    http-request return status 503 content-type text/plain lf-string "%[var(txn.title)]" hdr Retry-After 2 if closed
    default_backend app
backend app
    balance leastconn
    retries 3
    retry-on conn-failure
    option redispatch 1
    option httpchk
    http-check send meth GET uri /api/health ver HTTP/1.1 hdr Host gate
    http-response set-header X-Upkeep-Release %[srv_name,map(opt@/maps/release.map)]
    default-server resolvers docker resolve-prefer ipv4 init-addr libc,127.0.0.1
    default-server check inter 1s fastinter 250ms downinter 250ms rise 1 fall 3
"""


def compose(slots: int = 1, mongodb: bool = False) -> dict[str, Any]:
    app: dict[str, Any] = {
        "image": "${UPKEEP_APP_IMAGE:?}",
        "restart": "unless-stopped",
        "pull_policy": "missing",
        "user": "7310:7310",
        "read_only": True,
        "environment": {"PORT": "8000", "UPKEEP_STACK": "lager"},
        "secrets": ["token"],
        "networks": ["front", "data"],
    }
    services = {f"app-{n}": _slot(app, n) for n in range(1, slots + 1)}
    services["gate"] = {
        "image": "${UPKEEP_GATE_IMAGE:?}",
        "restart": "unless-stopped",
        "user": "7301:7301",
        "ports": ["80:8080"],
        "networks": ["front"],
        "labels": {"upkeep.stack": "lager", "upkeep.role": "gate"},
        "volumes": [
            "./gate:/usr/local/etc/haproxy:ro",
            "./gate/maps:/maps:ro",
            {"type": "bind", "source": "/run/upkeep/gate/lager", "target": "/run/gate"},
        ],
    }
    volumes: dict[str, Any] = {}
    if mongodb:
        services["mongodb"] = _mongodb()
        volumes = {"mongodb": {}}
    return {
        "services": services,
        "networks": {"front": {}, "data": {"internal": True}},
        "volumes": volumes,
        "secrets": {"token": {"file": "./secrets/token"}},
    }


def _slot(app: dict[str, Any], number: int) -> dict[str, Any]:
    labels = {"upkeep.stack": "lager", "upkeep.role": "app", "upkeep.slot": f"app-{number}"}
    return copy.deepcopy(app) | {"labels": labels}


def _mongodb() -> dict[str, Any]:
    return {
        "image": "${UPKEEP_MONGODB_IMAGE:?}",
        "restart": "unless-stopped",
        "hostname": "mongodb",
        "user": "999:999",
        "command": ["--replSet", "rs0", "--keyFile", "/run/keyfile", "--bind_ip_all"],
        "networks": ["data"],
        "volumes": ["mongodb:/data/db", "./secrets/mongodb-keyfile:/run/keyfile:ro"],
        "labels": {"upkeep.stack": "lager", "upkeep.role": "database"},
    }


def policy(slots: int = 1, mongodb: bool = False, **changes: Any) -> dict[str, Any]:
    secrets = "/srv/upkeep/lager/secrets"
    user = {"name": "lager-app", "password_file": f"{secrets}/mongodb-app", "roles": ["readWrite"]}
    database = {
        "image": "mongo:6.0",
        "name": "lager",
        "root_password_file": f"{secrets}/mongodb-root",
        "keyfile": f"{secrets}/mongodb-keyfile",
        "users": [user],
    }
    return {
        "schema": 1,
        "stack": "lager",
        "image": {"channel": f"{REGISTRY}/tinyapp:stable"},
        "gate_image": "haproxy:3.0",
        "registries_allowed": [REGISTRY],
        "app": {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "slots": slots},
        "update": {"strategy": "recreate", "ready_timeout": 20, "drain_timeout": 5, "minimum_free_mb": 100, "bake": 0},
        "maintenance": {"title": "Update läuft", "text": "Gleich geht es weiter; bitte warten."},
        "databases": {"mongodb": database} if mongodb else {},
        "published": [{"host_port": 80, "bind": "0.0.0.0"}],
    } | changes


def files(slots: int = 1, mongodb: bool = False, **changes: Any) -> dict[str, tuple[str, int, int, int]]:
    """Path below /srv/upkeep/lager → (content, mode, owner, group)."""
    servers = "".join(f"    server app-{n} app-{n}:8000\n" for n in range(1, slots + 1))
    servers += "    server app-surge 127.0.0.1:8000 disabled\n" if slots > 1 else ""
    return {
        "compose.yml": (yaml.safe_dump(compose(slots, mongodb)), 0o644, 0, 0),
        "stack.yml": (yaml.safe_dump(policy(slots, mongodb, **changes)), 0o644, 0, 0),
        "gate-wanted/haproxy.cfg": (HAPROXY + servers, 0o644, 0, 0),
        "secrets/token": ("geheim-token-4711", 0o440, 0, 7310),
        "secrets/mongodb-root": ("wurzel-passwort-1", 0o400, 0, 0),
        "secrets/mongodb-app": ("app-passwort-1", 0o440, 0, 7310),
        "secrets/mongodb-keyfile": ("c2NobHVlc3NlbGRhdGVpZnVlcnRlc3Rz\n", 0o400, 999, 999),
    }
