"""The stacks whose data are saved: databases, volumes of their own and of strangers, a path; to a backup server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from tests.faults.matrix.grounds import Files, Ground
from tests.integration.upkeep.stack import REGISTRY

SECRETS = "/srv/upkeep/lager/secrets"
PORT, PASSWORD = 8000, "ein-zugang-mit-laenge"
PATH = "/srv/pfad"
DATABASE_IMAGE = "postgres:17"
POSTGRES: dict[str, Any] = {
    "image": f"{REGISTRY}/{DATABASE_IMAGE}",
    "restart": "unless-stopped",
    "environment": {
        "POSTGRES_PASSWORD": "geheim",
        "PGPASSWORD": "geheim",
        "POSTGRES_DB": "rechnungen",
        "PGDATA": "/tmp/data",
    },
    "networks": ["data"],
    "labels": {"upkeep.stack": "lager"},  # no role: the one that is called `database` is MongoDB
}
# Volume → how it is quiesced while it is read. Three strangers at each: one at work, one frozen, one stopped.
QUIESCED = {"lager_files": "pause", "fremd_post": "stop"}
STATES = ("laeuft", "pausiert", "steht")
# Whoever comes back after a crash goes on with the next line.
SCRIBE = """
trap 'exit 0' TERM
n=$(cat /d/buch 2>/dev/null | wc -l)
while :; do n=$((n + 1)); echo "$n $n" >> /d/buch; sleep 0.2 & wait $!; done
"""


@dataclass(frozen=True)
class DataGround(Ground):
    """Everything that can be saved, or (without `everything`) what a migration can be at: MongoDB and the app's own
    volume. `kinds`: what data there are, `writes`: who books."""

    everything: bool = True

    @property
    def kinds(self) -> list[str]:
        return ["mongo", "postgres", "volumes"] if self.everything else ["mongo"]

    @property
    def volumes(self) -> list[str]:
        return [*QUIESCED] if self.everything else ["lager_daten"]

    @property
    def writes(self) -> list[str]:
        return ["mongo", "postgres"] if self.everything else ["entries"]  # who goes round the gate is not held up by it

    @property
    def services(self) -> list[str]:
        return [*super().services, *(["db"] if self.everything else [])]

    def policy(self, repository: str) -> dict[str, Any]:
        target = {"address_file": f"{SECRETS}/backup-address", "password_file": f"{SECRETS}/backup-password"}
        backup: dict[str, Any] = {"target": target | {"host": "web1", "append_only": True}}
        if self.everything:
            backup["volumes"] = [{"name": name, "quiesce": how} for name, how in QUIESCED.items()]
            backup["postgres"] = [{"service": "db", "database": "rechnungen", "user": "postgres"}]
            backup["files"] = [PATH]
            backup["drill"] = {"check": {"command": ["python3", "-c", "print('in Ordnung')"], "timeout": 30}}
        else:
            backup["volumes"] = [{"name": name} for name in self.volumes]
        return super().policy(repository) | {"backup": backup}

    def files(self, repository: str) -> Files:
        """All but the repository's address: each host has its own."""
        files = super().files(repository)
        if self.everything:
            compose = yaml.safe_load(files["compose.yml"][0])
            compose["services"]["db"] = POSTGRES
            files["compose.yml"] = (yaml.safe_dump(compose), 0o644, 0, 0)
        return files | {"secrets/backup-password": ("geheim\n", 0o400, 0, 0)}


def strangers(repository: str) -> list[tuple[str, str, list[str]]]:
    """(name, wanted state, words of `docker run`)"""
    found = []
    for volume in QUIESCED:
        for state in STATES:
            name = f"{volume.partition('_')[2]}-{state}"
            keeps = ["--restart", "no" if state == "pausiert" else "unless-stopped"]
            words = [
                "-d",
                "--name",
                name,
                "--label",
                "faults.stranger=yes",
                "--user",
                "0",
                "--entrypoint",
                "sh",
                *keeps,
            ]
            script = SCRIBE if state == "laeuft" else "sleep 1000000 & wait"
            found.append((name, state, [*words, "-v", f"{volume}:/d", f"{repository}:1.0.0", "-c", script]))
    return found
