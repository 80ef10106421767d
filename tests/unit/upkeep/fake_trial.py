"""The place of a trial restore in a test's world: what of it is there, and what a kill leaves behind."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.unit.upkeep.world import World
from upkeep.ports import Ports
from upkeep.ports.containers import Container
from upkeep.ports.probe import Answer
from upkeep.ports.streamed import Readable

PROJECT = "lager_drill"
ADDRESS = "10.9.9.9"


class Trial:
    """`services`: containers of the trial that exist. `answers`: what its application says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.services: set[str] = set()
        self.answers = Answer(200, document={"version": "1.0.0"})
        self.live: list[str] = []

    def ports(self) -> Ports:
        ports = self.world.ports()
        return replace(
            ports,
            compose=_Compose(self, ports.compose),
            docker=_Docker(self, ports.docker),
            probe=_Probe(self, ports.probe),
            unpacking=_Unpacking(self),
        )

    @property
    def is_gone(self) -> bool:
        return not self.services and not (self.world.paths.data / "drill").exists()


class _Beside:
    """Everything that is not the trial's goes to the port of the world."""

    def __init__(self, trial: Trial, usual: Any) -> None:
        self.trial, self.usual = trial, usual

    def __getattr__(self, name: str) -> Any:
        return getattr(self.usual, name)


class _Compose(_Beside):
    def up(self, project: Any, services: tuple[str, ...], **more: Any) -> None:
        assert project.name == PROJECT, "nothing of the live stack is touched"
        with self.trial.world.change(f"up {services}"):
            self.trial.services |= set(services)

    def down(self, name: str, stop_timeout: float) -> None:
        assert name == PROJECT, "nothing of the live stack is touched"
        with self.trial.world.change("down"):
            self.trial.services.clear()


class _Docker(_Beside):
    def containers(self, stack: str) -> tuple[Container, ...]:
        if stack != PROJECT:
            return tuple(self.usual.containers(stack))
        started = ("", 0, 0)
        return tuple(
            Container(f"t-{name}", name, name, "app", "running", None, {"drill": ADDRESS}, *started)
            for name in sorted(self.trial.services)
        )

    def logs(self, container_id: str, lines: int) -> tuple[str, ...]:
        return ("die Datenbank passt nicht zu dieser Version",)


class _Probe(_Beside):
    def get(self, address: str, port: int, path: str, timeout: float) -> Answer:
        return self.trial.answers if address == ADDRESS else Answer(200)


class _Unpacking:
    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def unpack(self, source: Readable, folder: Path, like: Path) -> None:
        while source.read(1 << 16):
            continue
        with self.trial.world.change(f"unpack {folder.name}"):
            folder.mkdir(parents=True)
            if folder.name == "root":
                home = self.trial.world.paths.home
                shutil.copytree(home, folder / home.relative_to("/"))
            else:
                (folder / "datei").write_text("1234")  # as many bytes as the fake restic says
