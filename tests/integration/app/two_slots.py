"""Two processes of the app on one database, as two slots behind a gate: one may be killed, or exchanged."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.integration.app.mongod import free_port
from tests.integration.app.process import Process, running

DOWN = 0.3  # seconds until a killed slot is started again


@dataclass
class Slots:
    """``serving``: where clients go; a gate takes some time to see that a slot was killed, so it stays in there.
    ``killed`` and ``exchanged`` count how often that was done to one."""

    environ: dict[str, str]
    folder: Path
    stack: ExitStack
    processes: list[Process] = field(default_factory=list)
    serving: list[str] = field(default_factory=list)
    killed: int = 0
    exchanged: int = 0

    @property
    def origin(self) -> str:
        return self.environ["LAGER_PUBLIC_URL"]

    def start_both(self) -> None:
        for number in range(2):
            environ = {**self.environ, "PORT": str(free_port())}
            self.processes.append(self.stack.enter_context(running(environ, self.folder / f"slot{number}")))
        for process in self.processes:
            process.until_ready()
        self.serving = [process.url for process in self.processes]

    async def kill(self, number: int) -> None:
        """Gone while others use it, and back soon after."""
        self.processes[number].popen.kill()
        await asyncio.to_thread(self.processes[number].popen.wait)
        await asyncio.sleep(DOWN)
        await self._start(number)
        self.killed += 1

    async def exchange(self, number: int) -> None:
        """As a rolling update does it: out of rotation, sockets sent to the other, ended, a new one in its place."""
        old = self.processes[number]
        self.serving.remove(old.url)
        async with httpx.AsyncClient() as agent:
            assert (await agent.post(f"{old.url}/api/live/drain")).status_code == 204
        old.popen.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(old.popen.wait) == 0
        await self._start(number)
        self.serving.append(old.url)
        self.exchanged += 1

    async def _start(self, number: int) -> None:
        old = self.processes[number]
        self.processes[number] = self.stack.enter_context(running(old.environ, self.folder / f"slot{number}"))
        await asyncio.to_thread(self.processes[number].until_ready)
