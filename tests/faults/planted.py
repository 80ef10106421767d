"""Secrets whose values nothing else contains, for every way a secret can get to a stack; and how to look for them."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MARK = "gepflanzt"
# The one secret that `docker inspect` shows to root, as documented: foreign applications read nothing but variables.
VARIABLE = f"{MARK}-umgebung"
APP_USER = 7310
# Which rounds look at a process: often when it is new, later now and then, because it may have become another.
ROUNDS = frozenset({0, 1, 2, 3, 5, 10, 30, 100, 300, 1000})
LOGIN = {"registry": "registry.example.test", "username": "probe", "password": "{{ vault__registry }}"}
HOST = {"upkeep_agent__registries": [LOGIN]}
# The application's address as its users would type it on the host itself.
ORIGIN = "http://127.0.0.1"
SETTINGS: dict[str, Any] = {
    "secrets": {"token": "{{ vault__token }}", "lines": "{{ vault__lines }}"},
    "environment_secrets": {"PROBE_PASSWORD": "{{ vault__variable }}"},
    "door_origins": [ORIGIN],
    "ticket_key": "{{ vault__ticket }}",
    "databases": {
        "mongodb": {
            "image": "mongo:6.0",
            "name": "probe",
            "root_password": "{{ vault__root }}",
            "keyfile": "{{ vault__keyfile }}",
            "users": [{"name": "probe", "password": "{{ vault__user }}"}],
        }
    },
}


def vault(generation: int) -> dict[str, str]:
    """The vault's content. Each generation has other values, but for the keyfile: the database knows that one."""
    end = f"c41d{generation}"
    return {
        "vault__token": f"{MARK}-token-{end}",
        "vault__lines": f"{MARK}-zeile-eins-{end}\n{MARK}-zeile-zwei-{end}\n",
        "vault__ticket": f"{MARK}-ticketschluessel-{end}-{end}",
        "vault__variable": f"{VARIABLE}-$x#-{end}",
        "vault__root": f"{MARK}-wurzel-{end}",
        "vault__user": f"{MARK}-benutzer-{end}",
        "vault__keyfile": base64.b64encode(f"{MARK}-schluesseldatei".encode() * 6).decode(),
        "vault__registry": f"{MARK}-registry-{end}",
    }


def traces() -> tuple[str, ...]:
    """What gives a planted secret away: the mark as it is, and in Base64 wherever in a longer text it stood."""
    found = [MARK]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + MARK.encode() + b"\0\0").decode()
        found.append(encoded[(0, 2, 3)[offset] : (len(MARK) + offset) * 8 // 6])
    return tuple(found)


def gives_away(text: str) -> list[str]:
    """The lines of a text that betray a secret."""
    return [line[:200] for line in text.splitlines() if any(trace in line for trace in traces())]


class Onlooker:
    """Somebody who keeps typing `ps` on this machine: sees arguments and environment of every process, also of those in
    the testbed's hosts and in their containers. `seen`: what gave a secret away. `known`: how many processes it met.
    `sought`: other texts than the planted ones."""

    def __init__(self, sought: Iterable[str] = ()) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._traces = [trace.encode() for trace in (sought or traces())]
        self._looks: dict[str, int] = {}
        self.seen: set[str] = set()
        self.known = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.01):
            present = {name for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - quick
            self._looks = {name: looks for name, looks in self._looks.items() if name in present}
            for name in present:
                looks = self._looks.get(name, 0)
                self._looks[name] = looks + 1
                self.known += looks == 0
                if looks in ROUNDS:
                    self.seen.update(self._look(Path("/proc") / name))

    def _look(self, process: Path) -> Iterator[str]:
        try:
            files = ["cmdline"] if process.stat().st_uid == APP_USER else ["cmdline", "environ"]
            for name in files:
                content = (process / name).read_bytes()
                if any(trace in content for trace in self._traces):
                    yield f"{name}: {content.replace(bytes(1), b' ')[:300]!r}"
        except OSError:  # gone already
            return
