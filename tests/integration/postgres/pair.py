"""Two real servers, the second a standby of the first, and a third container from which they are asked."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.engine import docker
from tests.integration.postgres.server import LABEL, PASSWORD, Server, call, install, running, wait
from upkeep.ports.clock import SystemClock
from upkeep.postgres.replication.door import done_as_asked

ACCOUNT_PASSWORD = "wiederholt"
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
# What the role does on a host: copy the primary, then start as its standby.
COPY = (
    "rm -rf $PGDATA && pg_basebackup -d 'host={source} user=upkeep_replication' -D $PGDATA -S {slot} -R -X stream "
    "-c fast --no-sync && exec postgres -c fsync=off"
)


@dataclass
class Pair:
    """`primary` and `standby` as they began; `asking` is a container with PostgreSQL's programs.

    They have a `network` of their own: in the common one, a dead server's address goes to any test's next container.
    """

    primary: Server
    asking: Server
    network: str
    standbys: list[Server] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    def address(self, server: Server) -> str:
        """Remembered, because a dead one has none."""
        known = (
            self.addresses.get(server.container) or call(*docker("inspect", "-f", ADDRESS, server.container)).strip()
        )
        self.addresses[server.container] = known
        return known

    @property
    def standby(self) -> Server:
        return self.standbys[-1]

    def do(self, state: str, *servers: Server, only_plan: bool = False, **more: Any) -> dict[str, Any]:
        """The module's own door."""
        asked = [self.address(one) for one in servers or (self.primary, self.standby)]
        given = {"servers": asked, "user": "postgres", "password": PASSWORD, "sslmode": "prefer", "lost": []}
        given |= {"programs": str(self.asking.folder / "bin"), "state": state, "wait": 60, "megabytes": 64}
        given |= {"account": "upkeep_replication", "account_password": ACCOUNT_PASSWORD, "seconds": 60}
        return done_as_asked(given | more, SystemClock(), only_plan=only_plan)

    def follow(self, source: Server, slot: str) -> Server:
        """A new standby of `source`."""
        self.do("prepared", source, slot=slot)
        made = Server(source.major, f"upkeep-tests-postgres-{uuid.uuid4().hex[:8]}", source.folder)
        script = COPY.format(source=self.address(source), slot=slot)
        options = ("--label", LABEL, "--network", self.network, "--tmpfs", "/tmp")
        secret = ("-e", f"PGPASSWORD={ACCOUNT_PASSWORD}")
        image = (f"upkeep-testbed/postgres{source.major}", "sh", "-c", script)
        call(*docker("run", "-d", "--name", made.container, *options, *secret, *image))
        self.standbys.append(made)
        wait(made)
        self.address(made)
        return made


@contextmanager
def pair(major: int, folder: Path) -> Iterator[Pair]:
    asking = Server(major, f"upkeep-tests-postgres-{uuid.uuid4().hex[:8]}", folder)
    with own_network() as network, running(major, folder, network) as primary:
        made = Pair(primary, asking, network)
        mounted = ("--label", LABEL, "-v", f"{folder}:{folder}", "--tmpfs", "/tmp", "--network", network)
        image = (f"upkeep-testbed/postgres{major}", "sleep", "infinity")
        call(*docker("run", "-d", "--name", asking.container, *mounted, *image))
        try:
            install(asking, folder / "bin")
            made.follow(primary, "upkeep_db2")
            yield made
        finally:
            for one in (asking, *made.standbys):
                subprocess.run(docker("rm", "-f", "-v", one.container), check=False, capture_output=True)


@contextmanager
def own_network() -> Iterator[str]:
    name = f"upkeep-tests-postgres-{uuid.uuid4().hex[:8]}"
    call(*docker("network", "create", "--label", LABEL, name))
    try:
        yield name
    finally:
        call(*docker("network", "rm", name))
