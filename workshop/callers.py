"""Visible load on a stack's gate while something else happens, and what the callers saw of it in German."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from bench.load import Call, Tally, generate
from workshop.commands import ENVIRONMENT, ROOT
from workshop.progress import say

PER_SECOND = 20.0
BEFORE_AND_AFTER = 2.0  # seconds of load around the command
WORDS = {
    "ok": "200",
    "maintenance": "503 Wartung",
    "refused": "abgewiesene Verbindungen",
    "reset": "abgebrochene Verbindungen",
    "timeout": "ohne Antwort",
    "protocol": "unverständliche Antworten",
}


def counted(outcomes: Counter[str]) -> str:
    """„18 × 200, 2 × 503 Wartung“."""
    shown = sorted(outcomes.items(), key=lambda pair: list(WORDS).index(pair[0]) if pair[0] in WORDS else len(WORDS))
    return ", ".join(f"{number} × {WORDS.get(kind, kind.removeprefix('http-'))}" for kind, number in shown)


class Callers:
    """Callers of the stack at `origin`; says once a second what they get, and what the door tells about a run."""

    def __init__(self, origin: str, calls: Sequence[Call]) -> None:
        self.origin = origin
        self.calls = calls
        self.tally = Tally()
        self._shown = 0
        self._phase = ""

    async def during(self, *argv: str | Path) -> int:
        """Run a command with its output visible under load; its exit code."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(generate(self.origin, self.calls, PER_SECOND, stop, self.tally, self._show))
            follower = tasks.create_task(self._follow_run())
            await asyncio.sleep(BEFORE_AND_AFTER)
            words = [str(word) for word in argv]
            process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=ENVIRONMENT)
            code = await process.wait()
            await asyncio.sleep(BEFORE_AND_AFTER)
            stop.set()
            follower.cancel()
        return code

    def _show(self, tally: Tally) -> None:
        fresh = Tally(tally.samples[self._shown :])
        self._shown = len(tally.samples)
        if fresh.samples:
            version = f" · Version {'/'.join(fresh.releases)}" if fresh.releases else ""
            say(f"  Aufrufer: {counted(fresh.outcomes)}{version}{self._phase}")

    async def _follow_run(self) -> None:
        async with aiohttp.ClientSession(self.origin, timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                self._phase = await self._ask(session)
                await asyncio.sleep(0.5)

    async def _ask(self, session: aiohttp.ClientSession) -> str:
        try:
            async with session.get("/api/system/update") as response:
                told = json.loads(await response.read())
        except (aiohttp.ClientError, OSError, ValueError):  # whatever is wrong, the callers' lines show it
            return ""
        return f" · {told['percent']} % {told['phase']}" if told.get("running") else ""


def summary(tally: Tally) -> list[str]:
    """What all callers together saw, a line each."""
    versions = ", danach ".join(tally.releases) or "keine genannt"
    window = f"{tally.closed_seconds():.1f} s".replace(".", ",")
    return [
        f"Anfragen        {len(tally.samples)}: {counted(tally.outcomes)}",
        f"Versionen       {versions}",
        f"Wartungsseite   {window}",
        f"Fehler          {sum(tally.failures.values())}",
    ]
