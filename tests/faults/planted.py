"""Secrets with values that nothing else contains, for every way a secret can get to a stack."""

from __future__ import annotations

import base64
from typing import Any

MARK = "gepflanzt"
KEYFILE = base64.b64encode(f"{MARK}-schluesseldatei-7f3a91".encode() * 6).decode()
VAULT = {
    "vault__token": f"{MARK}-token-c41d",
    "vault__lines": f"{MARK}-zeile-eins-88ab\n{MARK}-zeile-zwei-17ce\n",
    "vault__variable": f"{MARK}-umgebung-$x#-5e02",
    "vault__root": f"{MARK}-wurzel-93d7",
    "vault__user": f"{MARK}-benutzer-b6f4",
    "vault__keyfile": KEYFILE,
    "vault__registry": f"{MARK}-registry-2d6c",
}
SETTINGS: dict[str, Any] = {
    "secrets": {"token": "{{ vault__token }}", "lines": "{{ vault__lines }}"},
    "environment_secrets": {"PROBE_PASSWORD": "{{ vault__variable }}"},
    "databases": {
        "mongodb": {
            "image": "mongo:6.0",
            "name": "probe",
            "root_password": "{{ vault__root }}",
            "keyfile": "{{ vault__keyfile }}",
            "users": [{"name": "probe", "password": "{{ vault__user }}"}],
        }
    },
}
LOGIN = {"registry": "registry.example.test", "username": "probe", "password": "{{ vault__registry }}"}
HOST = {"upkeep_agent__registries": [LOGIN]}
