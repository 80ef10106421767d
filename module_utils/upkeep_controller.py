"""What the modules share that run on the controller and call the package `upkeep`.

Standard library only: Ansible ships this file as `ansible.module_utils.upkeep_controller`.
"""

from __future__ import annotations

from typing import Any

ABSENT = (
    "Dieses Modul braucht das Paket upkeep: "
    "ansible_python_interpreter auf die Umgebung des Projekts setzen (.venv, `make setup`)."
)

# Whom PostgreSQL lets in, as `upkeep.postgres.door.programs_of` reads it.
POSTGRES_ACCOUNT: dict[str, dict[str, Any]] = {
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "default": "", "no_log": True},
    "sslmode": {
        "type": "str",
        "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "default": "prefer",
    },
    "programs": {"type": "path"},
}
POSTGRES_CONNECTION: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5432},
    **POSTGRES_ACCOUNT,
}
