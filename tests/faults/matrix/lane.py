"""A lane: one testbed host with the agent as a real systemd service, on which cells are shot one after the other."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.paths import machine_wide
from tests.faults.matrix.scenes import BROKEN, GOOD, Ground, Scene
from tests.faults.versions import REGISTRY, versions_of
from tests.integration.upkeep.host import HOME, UNIT, EngineHost

ONHOST = Path(__file__).resolve().parent.parent / "onhost"
TMPFILES = "d /run/upkeep/gate/lager 0770 7301 7301 -\n"
CELL_SECONDS = 240
Json = dict[str, Any]


class LaneBroken(Exception):
    """The host cannot be brought to where a cell could begin."""


@dataclass
class Lane:
    """`bed`: a testbed; `host`: one of its hosts. `ground`: the stack that stands there now."""

    bed: str
    name: str
    ground: Ground | None = None
    repository: str = field(default="")

    def __post_init__(self) -> None:
        self.host = EngineHost(f"{machine_wide(self.bed)}-{self.name}")
        self.repository = f"{REGISTRY}/{versions_of(self.bed).repository}"

    def prepare(self) -> None:
        """Docker, the agent with substituted ports, its unit as role upkeep_agent writes it where that matters here."""
        self.host.prepare()
        unit = UNIT.replace("upkeep.agent", "onhost.agent").replace("KillMode=mixed", "KillMode=control-group")
        self.host.put({"/etc/systemd/system/upkeep-agent.service": (unit, 0o644, 0, 0)})
        self.host.put({"/etc/tmpfiles.d/upkeep-test.conf": (TMPFILES, 0o644, 0, 0)})
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(ONHOST, ONHOST.name, filter=lambda info: None if "__pycache__" in info.name else info)
        self.host.run("tar", "-C", HOME, "-x", stdin=packed.getvalue())
        self.host.run("systemctl", "daemon-reload")
        self.host.run("systemctl", "enable", "upkeep-agent")

    def stand(self, ground: Ground) -> None:
        """This stack, freshly deployed, serving its first version."""
        self.ground = None
        self.host.remove_stack()
        self.host.run("rm", "-rf", "/var/lib/faults")
        self.host.place_stack(ground.files(self.repository))
        self.host.start_agent()
        report = self.host.do("deploy")
        if report["result"] != "updated":
            raise LaneBroken(f"{ground.name}: {report['message']}")
        self.ground = ground

    def play(self, scene: Scene, point: str | None = None, deed: str = "agent", operator: bool = False) -> Json:
        """One cell, on a stack of the right kind; a stack that is not sound afterwards is not used again."""
        if scene.fresh or self.ground != scene.ground:
            self.stand(scene.ground)
        answer = self.cell("all", scene.job(point, deed, operator, self.repository))
        if answer["problems"]:
            answer["log"] = self.host.log().splitlines()[-40:]
            self.ground = None
        return answer

    def cell(self, verb: str, job: Json) -> Json:
        argv = ["docker", "exec", "-e", f"PYTHONPATH={HOME}", "-e", "PYTHONDONTWRITEBYTECODE=1", self.host.container]
        argv += ["python3", "-m", "onhost.cell", verb, json.dumps(job)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=CELL_SECONDS)
        except subprocess.TimeoutExpired:
            return {"result": None, "problems": [f"nach {CELL_SECONDS} s ohne Ende"]}
        if done.returncode:
            return {"result": None, "problems": [f"Der Versuch selbst ist gescheitert: {done.stderr[-1500:]}"]}
        return dict(json.loads(done.stdout.splitlines()[-1]))


def publish_versions(bed: str) -> None:
    for version, behaviour in {**dict.fromkeys(GOOD, "good"), **BROKEN}.items():
        versions_of(bed).publish(version, behaviour)
