"""A lane: one testbed host with the agent as a real systemd service, on which cells are shot one after the other."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from testbed.paths import machine_wide
from testbed.recipe import recipe
from tests.faults.matrix.grounds import GOOD, OLD_PROJECT, Ground
from tests.faults.matrix.own_registry import NAME
from tests.faults.matrix.scenes import BROKEN, DATABASES, DEAD_DATABASE, Scene
from tests.faults.versions import REGISTRY, versions_of
from tests.integration.upkeep.host import DAEMON, HOME, UNIT, EngineHost
from tests.integration.upkeep.images import testbed
from workshop.progress import say

ONHOST = Path(__file__).resolve().parent.parent / "onhost"
EXPIRED = base64.b64encode(b"upkeep:von-gestern").decode()
AS_THE_ROLE = "KillMode=control-group\nEnvironment=HOME=/root"
TMPFILES = "d /run/upkeep/gate/lager 0770 7301 7301 -\n"
WELL, DEAD = 'CMD ["mongod"]', 'ENTRYPOINT ["sh", "-c", "echo die Daten passen nicht; exit 3", "--"]'
DATA, OLD_PLACE = "/var/lib/upkeep/lager", f"/opt/{OLD_PROJECT}"
PATIENTLY = ("-fsS", "--retry", "20", "--retry-delay", "1", "--retry-all-errors")
AWAKE = f"systemctl reset-failed docker; systemctl start docker; systemctl stop upkeep-agent; umount -q {DATA}"
WITHOUT_OLD_PROJECT = f"""
rm -rf /var/lib/faults
docker compose -p {OLD_PROJECT} down -v -t 2
docker volume rm -f {OLD_PROJECT}_daten lager_daten
"""
SMALL_DISK = "size=900m,mode=700"
CELL_SECONDS = 240
BOOT_SECONDS = 90
Json = dict[str, Any]


class LaneBroken(Exception):
    """The host cannot be brought to where a cell could begin: nobody has seen anything then."""


@dataclass
class Lane:
    """`bed`: a testbed; `host`: one of its hosts. `ground`: the stack that stands there now. `judge`: who shoots and
    judges on the host."""

    bed: str
    name: str
    ground: Ground | None = None
    judge: ClassVar[str] = "onhost.cell"
    patience: ClassVar[int] = CELL_SECONDS

    def __post_init__(self) -> None:
        self.host = EngineHost(f"{machine_wide(self.bed)}-{self.name}")

    def prepare(self) -> None:
        """Docker, the agent with substituted ports, its unit as role upkeep_agent writes it where that matters here."""
        self.host.prepare()
        unit = UNIT.replace("upkeep.agent", "onhost.agent").replace(
            "KillMode=mixed", "KillMode=control-group\nEnvironment=HOME=/root"
        )
        self.host.put({"/etc/systemd/system/upkeep-agent.service": (unit, 0o644, 0, 0)})
        daemon = DAEMON | {"insecure-registries": [*DAEMON["insecure-registries"], NAME]}
        self.host.put({"/etc/docker/daemon.json": (json.dumps(daemon), 0o644, 0, 0)})
        self.host.put({"/root/.docker/config.json": (json.dumps({"auths": {NAME: {"auth": EXPIRED}}}), 0o600, 0, 0)})
        self.host.run("systemctl", "reload", "docker")
        self.host.put({"/etc/tmpfiles.d/upkeep-test.conf": (TMPFILES, 0o644, 0, 0)})
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(ONHOST, ONHOST.name, filter=lambda info: None if "__pycache__" in info.name else info)
        self.host.run("tar", "-C", HOME, "-x", stdin=packed.getvalue())
        self.host.run("python3", "-m", "compileall", "-q", HOME)  # the agent is started hundreds of times
        self.host.run("systemctl", "daemon-reload")
        self.host.run("systemctl", "enable", "upkeep-agent")

    def make_ready(self, ground: Ground) -> None:
        """Raises LaneBroken after the second time."""
        try:
            self.stand(ground)
        except (LaneBroken, AssertionError) as error:
            say(f"  {self.name}: {ground.name} noch einmal, denn: {str(error)[:500]}")
            self.stand(ground)

    def stand(self, ground: Ground) -> None:
        """This stack, freshly deployed, serving its first version."""
        self.ground = None
        self.host.run("sh", "-c", AWAKE, check=False)
        self.host.remove_stack()
        self.host.run("sh", "-c", WITHOUT_OLD_PROJECT, check=False)
        if ground.small_disk:
            self.host.run("mkdir", "-p", DATA)
            self.host.run("mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", DATA)
        self.host.place_stack(ground.files(self.repository_of(ground)))
        if ground.by_hand:
            self._start_by_hand(ground)
        self.host.start_agent()
        report = {"result": "updated"} if ground.by_hand else self.host.do("deploy")
        if report["result"] != "updated":
            raise LaneBroken(f"{ground.name}: {report['message']}")
        self.ground = ground

    def _start_by_hand(self, ground: Ground) -> None:
        """A compose project of somebody's own, which has written something down."""
        text = ground.old_project(self.repository_of(ground))
        self.host.put({f"{OLD_PLACE}/docker-compose.yml": (text, 0o644, 0, 0)})
        self.host.run("docker", "compose", "--project-directory", OLD_PLACE, "up", "-d", "--quiet-pull")
        self.host.run("curl", *PATIENTLY, "-d", '"Rechnung 1"', "http://127.0.0.1/entries")

    def play(self, scene: Scene, point: str | None = None, deed: str = "agent", operator: bool = False) -> Json:
        """One cell, on a stack of the right kind; a stack that is not sound afterwards is not used again."""
        if scene.fresh or self.ground != scene.ground:
            self.make_ready(scene.ground)
        job = scene.job(point, deed, operator, self.repository_of(scene.ground))
        answer = self._through_a_reboot(job) if deed == "reboot" else self.cell("all", job)
        if scene.fresh:
            self.ground = None  # what stands there now may be another stack
        if answer["problems"]:
            answer["log"] = self.host.log().splitlines()[-40:]
            self.ground = None
        return answer

    def repository_of(self, ground: Ground) -> str:
        return f"{ground.registry or REGISTRY}/{'tinyapp' if ground.registry else versions_of(self.bed).repository}"

    def _through_a_reboot(self, job: Json) -> Json:
        """The one on the host goes down with it; another judges when it is back."""
        before = self._boot()
        self.cell("shoot", job)
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self._boot() in ("", before):
            time.sleep(0.2)
        return self.cell("judge", job)

    def _boot(self) -> str:
        """Differs after every boot, empty while the host is down."""
        return self.host.run("systemctl", "show", "-p", "UserspaceTimestamp", "--value", check=False).strip()

    def cell(self, verb: str, job: Json) -> Json:
        argv = ["docker", "exec", "-e", f"PYTHONPATH={HOME}", "-e", "PYTHONDONTWRITEBYTECODE=1", self.host.container]
        argv += ["python3", "-m", self.judge, verb, json.dumps(job)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=self.patience)
        except subprocess.TimeoutExpired:
            return {"result": None, "problems": [f"nach {self.patience} s ohne Ende"]}
        if done.returncode:
            return {"result": None, "problems": [f"Der Versuch selbst ist gescheitert: {done.stderr[-1500:]}"]}
        return dict(json.loads(done.stdout.splitlines()[-1]))


def publish_versions(bed: str) -> None:
    for version, behaviour in {**dict.fromkeys(GOOD, "good"), **BROKEN}.items():
        versions_of(bed).publish(version, behaviour)


def publish_databases() -> None:
    """The testbed's MongoDB under names of this checkout's own: the same, again, and one that does not start."""
    for name, entrypoint in (*((name, WELL) for name in DATABASES), (DEAD_DATABASE, DEAD)):
        image = f"upkeep-faults-mongo:{name}"
        dockerfile = f"FROM {recipe('mongo').image}\nLABEL upkeep.testbed=faults upkeep.faults={name}\n{entrypoint}\n"
        build = ["docker", "build", "-q", "-t", image, "-"]
        subprocess.run(build, input=dockerfile, text=True, check=True, capture_output=True)
        testbed("push", image, f"library/mongo:{name}")
