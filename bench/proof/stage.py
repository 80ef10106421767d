"""Where the proof takes place: one test host, the Lager app in two slots over one MongoDB, releases with probes.py."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
import uvloop

from bench.failure import BenchFailed
from bench.gate import sign_in
from bench.ground import LOGIN, STACK, Ground, call
from bench.load import Tally
from bench.machine import ROOT
from bench.proof.stretch import Callers, Stretch
from testbed import registry, ssh
from testbed.failure import TestbedError
from workshop.progress import say

HOST = "one"
SLOTS = 2
SLOT = ("upkeep.role=app", f"upkeep.stack={STACK}")
OLD, NEW = "1.0.0", "1.1.0"
FAULT_AFTER = 6
IMAGE = Path(__file__).parent / "image"
ARTICLES = """\
import json, os, pathlib, re, sys
from pymongo import MongoClient
uri = pathlib.Path(os.environ["LAGER_MONGODB_URI_FILE"]).read_text().strip()
articles = MongoClient(uri)[os.environ["LAGER_DATABASE"]]["articles"]
field, beginning = sys.argv[1:]
found = articles.find({field: {"$regex": "^" + re.escape(beginning)}}, [field])
print(json.dumps([document[field] for document in found]))
"""


@dataclass
class ProofGround(Ground):
    """Its versions are the app of this checkout plus the probes."""

    def release_next_version(self) -> str:
        """The releases the proof begins with; the channel offers the older one."""
        plain = f"{self.image}:plain"
        argv = [sys.executable, "app/build.py", "--version", OLD, "--tag", plain]
        call([*argv, "--base-image", "upkeep-testbed/python"])
        for version in (NEW, OLD):
            self.release(version)
        self.offer(OLD)
        return OLD

    def release(self, version: str, fault_after: int = 0) -> None:
        """Publish a version; with `fault_after` one that answers errors that many seconds after its start."""
        arguments = [f"APP_IMAGE={self.image}:plain", f"VERSION={version}", f"FAULT_AFTER={fault_after}"]
        words = [word for argument in arguments for word in ("--build-arg", argument)]
        call(["docker", "build", "--quiet", "--tag", f"{self.image}:{version}", *words, str(IMAGE)])
        registry.push(f"{self.image}:{version}", [f"{self.name}/lager:{version}"])

    def offer(self, version: str) -> None:
        """Let the channel name a version that was published before."""
        registry.push(f"{self.image}:{version}", [f"{self.name}/lager:stable"])


class Stage:
    """The host as the proof's steps use it."""

    stack = STACK

    def __init__(self, ground: ProofGround) -> None:
        self.ground = ground
        self.login = f"{LOGIN}-{secrets.token_hex(3)}"

    def up(self, policy: dict[str, Any]) -> None:
        """A fresh host, or the one that a killed run left behind."""
        if self._is_there():
            say("Der Testhost steht noch")
            return self.policy(policy)
        self.ground.variables["lager__stack"] = {"slots": SLOTS, "wait_for_running": 120, **policy}
        self.ground.up()
        self.ground.play("site", HOST)
        return None

    def _is_there(self) -> bool:
        try:
            return bool(self._in_a_slot("true"))
        except (TestbedError, BenchFailed, subprocess.SubprocessError):
            return False

    def policy(self, policy: dict[str, Any]) -> None:
        """Other rules for updates, the way an admin would change them; and the older release, if it is not there."""
        wanted = {"slots": SLOTS, "wait_for_running": 120, **policy}
        if self.ground.variables.get("lager__stack") != wanted:
            self.ground.variables["lager__stack"] = wanted
            self.ground.write_inventory()
            self.ground.play("deploy", HOST)
        if self.release != OLD:
            self.update(OLD)

    def on(self, *words: str, stdin: str = "") -> str:
        return self.ground.on(HOST, *words, stdin=stdin)

    def upkeep(self, *words: str) -> dict[str, Any]:
        """The report of a run, however it ended."""
        argv = ssh.command_line(self.ground.bed, self.ground.bed.host(HOST), ["upkeep", *words, "--json"])
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            raise BenchFailed(f"upkeep {' '.join(words)}: {done.stdout}{done.stderr}") from None

    def update(self, version: str) -> dict[str, Any]:
        """Forward or back, both by naming the version."""
        return self.upkeep("update", STACK, "--to", version, "--force")

    @property
    def release(self) -> str:
        return str(self.upkeep("status", STACK)["release"]["version"])

    @property
    def origin(self) -> str:
        """From where users come: the host's own address, not a port that Docker's proxy serves on loopback."""
        return f"http://{self.ground.address(HOST)}"

    @cached_property
    def cookie(self) -> str:
        """Somebody who is signed in, in a business with some data."""
        command = self._in_a_slot("lager", "load-demo", "--user", self.login, "--json")
        self.on(*command, stdin=self.ground.password + "\n")
        return sign_in(self.origin, self.ground.password, self.login)

    @cached_property
    def articles(self) -> list[str]:
        answer = requests.get(f"{self.origin}/api/articles?limit=50", headers={"Cookie": self.cookie}, timeout=10)
        return [article["id"] for article in answer.json()["articles"]]

    def stretch(self, rate: int, during: Callable[[], Awaitable[None]], tally: Tally | None = None) -> Stretch:
        """Load while `during` goes on; afterwards the callers' book is compared with the database."""
        callers = Callers(self.origin, self.cookie, self.articles)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # cheaper: callers share the host's cores
            stretch, ledger = runner.run(callers.drive(rate, during, tally))
        stretch.accounts = ledger.compare(self.stored("name", ledger.prefix))
        return stretch

    def migrated(self, version: str) -> bool:
        """Did this release's migration reach the data?"""
        return bool(self.stored("probed", version))

    def stored(self, field: str, beginning: str) -> list[str]:
        """What the database holds in a field of its articles; not by way of the app's own code."""
        told = self.on(*self._in_a_slot("python3", "-", field, beginning), stdin=ARTICLES)
        return list(json.loads(told))

    def _in_a_slot(self, *words: str) -> list[str]:
        """A command inside a container of the app; their names change, their labels do not."""
        found = self.on(
            "docker", "ps", "-q", *(word for label in SLOT for word in ("--filter", f"label={label}"))
        ).split()
        if not found:
            raise BenchFailed(f"Auf {HOST} läuft kein Slot von {STACK}")
        return ["docker", "exec", "-i", found[0], *words]
