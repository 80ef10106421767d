"""A host that the playbooks manage, seen from inside: its agent, its containers, its gate."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from testbed.paths import machine_wide
from tests.faults.plays import until
from tests.inside import inside
from tests.integration.upkeep.images import testbed

FORMAT = '{{.Label "com.docker.compose.service"}} {{.ID}}'


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any


@dataclass(frozen=True)
class ManagedHost:
    """Host `name` of testbed `bed`, and its stack `stack`. Commands go past ssh, firewall and cut cables."""

    bed: str
    name: str
    stack: str

    @property
    def container(self) -> str:
        return f"{machine_wide(self.bed)}-{self.name}"

    @property
    def data(self) -> str:
        return f"/var/lib/upkeep/{self.stack}"

    @property
    def home(self) -> str:
        return f"/srv/upkeep/{self.stack}"

    def attempt(self, *argv: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        done = inside(self.container, *argv, given=None if stdin is None else stdin.encode(), within=180)
        return subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode())

    def run(self, *argv: str, stdin: str | None = None) -> str:
        done = self.attempt(*argv, stdin=stdin)
        assert done.returncode == 0, f"{argv} → {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def shell(self, script: str) -> str:
        return self.run("bash", "-eu", stdin=script)

    def testbed(self, verb: str, *words: str) -> None:
        """reboot, cut, mend …"""
        testbed(verb, self.bed, self.name, *words)

    def address(self) -> str:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        argv = ["docker", "inspect", "-f", template, self.container]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    # --- the agent

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        data = ["-d", json.dumps(body)] if body is not None else []
        argv = ["curl", "-sS", "-m", "60", "-X", method, "-w", "\n%{http_code}", *data]
        done = self.attempt(*argv, "--unix-socket", "/run/upkeep/agent.sock", f"http://upkeep{path}")
        if done.returncode:
            return Reply(0, {"error": done.stderr})
        text, _, status = done.stdout.rpartition("\n")
        return Reply(int(status), json.loads(text))

    def begin(self, operation: str, starter: str = "test", **options: Any) -> str:
        order = {"operation": operation, "starter": starter, "options": options}
        reply = self.ask("POST", f"/v1/stacks/{self.stack}/runs", order)
        assert reply.status == 202, reply
        return str(reply.body["run"])

    def report(self, run: str, within: float = 60) -> dict[str, Any]:
        """Wait for the end of a run, across restarts of the agent."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.ask("GET", f"/v1/runs/{run}/events?after=1000000&wait=2")
            reply = self.ask("GET", f"/v1/runs/{run}")
            if reply.status == 200 and reply.body["finished_at"]:
                return dict(reply.body)
            if reply.status == 0:
                time.sleep(0.2)
        raise AssertionError(f"{run} endete nicht in {within:g} s: {reply}")

    def do(self, operation: str, **options: Any) -> dict[str, Any]:
        return self.report(self.begin(operation, **options))

    def status(self) -> dict[str, Any]:
        reply = self.ask("GET", f"/v1/stacks/{self.stack}")
        assert reply.status == 200, reply
        return dict(reply.body)

    def running(self) -> dict[str, Any] | None:
        """The run going on right now."""
        reply = self.ask("GET", f"/v1/stacks/{self.stack}")
        return reply.body.get("running") if reply.status == 200 else None

    def await_phase(self, *phases: str) -> str:
        """Wait until a run is in one of these phases; returns the run's id."""
        seen: dict[str, Any] = {}

        def there() -> bool:
            seen.update(self.running() or {})
            return seen.get("phase") in phases

        until(there, 30, f"ein Lauf in {phases}, zuletzt {seen}", every=0.02)
        return str(seen["id"])

    def maintenance(self, on: bool, **words: str) -> None:
        wish = {"on": on, "owner": "operator", **words}
        reply = self.ask("POST", f"/v1/stacks/{self.stack}/maintenance", wish)
        assert reply.status == 200, reply

    def upkeep(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command, as an operator types it."""
        done = self.attempt("upkeep", *words)
        assert "Traceback" not in done.stderr, done
        return done

    def await_agent(self, within: float = 30) -> None:
        until(lambda: self.ask("GET", "/v1/agent").status == 200, within, "der Agent antwortet")

    def await_idle(self, within: float = 60) -> None:
        self.await_agent()
        until(lambda: self.running() is None, within, "kein Lauf ist mehr im Gange")

    def await_slot_ready(self, within: float) -> None:
        """The app answers on its own address, whatever the gate says."""

        def ready() -> bool:
            slots = self.status()["slots"]
            return bool(slots) and all(slot["health"] == "ready" for slot in slots)

        until(ready, within, "die Anwendung ist bereit")

    def open_journals(self) -> list[str]:
        """Ids of runs that never came to an end."""
        read = (
            "import json,glob;"
            "bodies=[json.loads(json.load(open(name))['body']) for name in glob.glob('%s/runs/*.json')];"
            "print(*[body['id'] for body in bodies if not body['finished_at']])"
        )
        return self.run("python3", "-c", read % self.data).split()

    # --- what runs

    def containers(self) -> dict[str, str]:
        """Service → container id, running ones only."""
        project = f"label=com.docker.compose.project={self.stack}"
        lines = self.run("docker", "ps", "--no-trunc", "--filter", project, "--format", FORMAT).splitlines()
        return dict(sorted(line.split(" ", 1) for line in lines))

    def started_at(self, service: str = "gate") -> str:
        return self.run("docker", "inspect", "-f", "{{.Id}} {{.State.StartedAt}}", f"{self.stack}-{service}-1")

    def page(self, path: str = "/api/health", *words: str) -> str:
        """What the gate answers on the host itself: body, then the status in a line of its own."""
        argv = ("curl", "-s", "-m", "5", "-w", "\n%{http_code}", *words, f"http://127.0.0.1{path}")
        return self.attempt(*argv).stdout

    def serves(self, version: str = "") -> bool:
        page = self.page()
        return page.endswith("\n200") and f'"version": "{version}' in page

    def await_serving(self, within: float = 30, version: str = "") -> float:
        return until(lambda: self.serves(version), within, f"{self.stack} {version} antwortet")

    # --- what to show when a test failed

    def journal(self) -> str:
        """The newest run's journal, the agent's log, and what runs."""
        newest = self.shell(f"f=$(ls -t {self.data}/runs/* | head -1); echo $f; cat $f").replace("\\", "")
        return f"{newest}\n\n{self.log()}\n\n{self.run('docker', 'ps', '-a')}"

    def log(self) -> str:
        return self.run("journalctl", "-u", "upkeep-agent", "-n", "40", "--no-pager", "-o", "cat")
