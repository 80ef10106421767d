"""A host of the second book: restic on it, its own corner of a backup server that is another machine."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from dataclasses import dataclass
from typing import Any, ClassVar

from testbed.paths import CHECKOUT, STATE, machine_wide
from testbed.recipe import recipe
from tests.faults.matrix.data.campaign import Cell
from tests.faults.matrix.data.ground import (
    DATABASE_IMAGE,
    PASSWORD,
    PORT,
    POSTGRES,
    QUIESCED,
    SECRETS,
    DataGround,
    strangers,
)
from tests.faults.matrix.data.scenes import Scene
from tests.faults.matrix.grounds import Ground
from tests.faults.matrix.lane import Lane, LaneBroken, publish_versions
from tests.faults.matrix.own_registry import docker
from tests.integration.upkeep.host import HOME
from tests.integration.upkeep.images import testbed

CELL_SECONDS = 420
AGENT, OWN_AGENT = "onhost.agent", "onhost.data.agent"
FOUND_BY_CHILDREN = "/usr/lib/python3/dist-packages/upkeep-test.pth"
AWAKE = "systemctl reset-failed docker; systemctl start docker; nft delete table ip faults_cut"
WITHOUT_STRANGERS = f"""
ids=$(docker ps -aq --filter label=faults.stranger); [ -z "$ids" ] || docker rm -f -v $ids
docker volume rm -f {" ".join(QUIESCED)}
ids=$(docker ps -aq --filter label=com.docker.compose.project=lager_drill); [ -z "$ids" ] || docker rm -f -v $ids
rm -rf /srv/pfad
"""
Json = dict[str, Any]


@dataclass
class Store:
    """restic's REST server as role backup_server sets it up: append-only, everybody sees only his own."""

    bed: str
    names: list[str]

    @property
    def container(self) -> str:
        return f"{machine_wide(self.bed)}-store"

    def start(self) -> None:
        docker("rm", "-f", "-v", self.container, check=False)
        labels = [f"upkeep.testbed={CHECKOUT}-{self.bed}", f"upkeep.testbed.state={STATE / self.bed / 'state.json'}"]
        words = [part for label in labels for part in ("--label", label)]
        serve = "--append-only --private-repos --htpasswd-file /users"
        script = (
            f"while [ ! -s /users ]; do sleep 0.1; done; exec restic-rest-server --path /data {serve} --listen :{PORT}"
        )
        words += ["--network", machine_wide(self.bed), "--volume", "/data", "--entrypoint", "sh"]
        docker("create", "--name", self.container, *words, recipe("restic").image, "-c", script)
        docker("start", self.container)
        users = "".join(f"{name}:{_hashed(PASSWORD)}\n" for name in self.names)
        subprocess.run(
            ["docker", "exec", "-i", self.container, "sh", "-c", "cat > /users"], input=users.encode(), check=True
        )

    def remove(self) -> None:
        docker("rm", "-f", "-v", self.container, check=False)

    @property
    def address(self) -> str:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return docker("inspect", "-f", template, self.container)

    def clear(self, name: str) -> None:
        """Only the server itself can."""
        docker("exec", self.container, "rm", "-rf", f"/data/{name}")


@dataclass
class DataLane(Lane):
    store: Store | None = None
    judge: ClassVar[str] = "onhost.data.cell"
    patience: ClassVar[int] = CELL_SECONDS

    def prepare(self) -> None:
        super().prepare()
        self.host.run("sed", "-i", f"s/{AGENT}/{OWN_AGENT}/", "/etc/systemd/system/upkeep-agent.service")
        self.host.run("systemctl", "daemon-reload")
        self.host.put({FOUND_BY_CHILDREN: (f"{HOME}\n", 0o644, 0, 0)})
        self.host.bring_restic()
        self.host.run("docker", "pull", "-q", POSTGRES["image"])

    def stand(self, ground: Ground) -> None:
        """With „damals“ in all places, and one backup of it."""
        assert isinstance(ground, DataGround)
        assert self.store is not None
        self.host.run("sh", "-c", AWAKE + WITHOUT_STRANGERS, check=False)
        self.store.clear(self.name)
        super().stand(ground)
        self.ground = None  # until there are data
        address, place = self.store.address, f"{SECRETS}/backup-address"
        url = f"rest:http://{self.name}:{PASSWORD}@{address}:{PORT}/{self.name}"
        self.host.put({place: (f"{url}\n", 0o400, 0, 0)})
        told = {"address": address, "port": PORT, "user": self.name, "password": PASSWORD}
        self.host.put({"/var/lib/faults/store.json": (json.dumps(told), 0o600, 0, 0)})
        if ground.everything:
            self._place_strangers(ground)
        answer = self.cell("fill", {"kinds": ground.kinds, "volumes": ground.volumes})
        if answer["problems"]:
            raise LaneBroken(f"{ground.name}: {answer['problems']}")
        self.ground = ground

    def _place_strangers(self, ground: DataGround) -> None:
        for name, state, words in strangers(self.repository_of(ground)):
            self.host.run("docker", "run", *words)
            change = {"pausiert": ("pause",), "steht": ("stop", "-t", "0")}.get(state)
            if change:
                self.host.run("docker", *change, name)

    def shoot(self, scene: Scene, cell: Cell | None = None) -> Json:
        """One run, disturbed or not; a host that is not sound afterwards gets a new stack."""
        if self.ground != scene.ground:
            self.make_ready(scene.ground)
        chosen = cell or Cell(scene, "", "agent")
        job = scene.job(chosen.moment or None, chosen.deed, chosen.delay, chosen.operator)
        answer = self._without_power(job) if chosen.deed == "power" else self.cell("all", job)
        if answer["problems"]:
            answer["log"] = self.host.log().splitlines()[-60:]
            self.ground = None
        return answer

    def _without_power(self, job: Json) -> Json:
        """Off and on again; whoever looked goes down with it, another judges when the host is back."""
        seen = self.cell("shoot", job)
        if seen["problems"]:
            return seen
        testbed("kill", self.bed, self.name)
        testbed("start", self.bed, self.name)
        return self.cell("judge", job)


def publish(bed: str) -> None:
    testbed("images", "mongo", "haproxy", "python", "restic", "postgres17")
    testbed("push", recipe("postgres17").image, DATABASE_IMAGE)
    publish_versions(bed)


def _hashed(password: str) -> str:
    """As htpasswd writes it; the server takes it beside bcrypt."""
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324
