"""A test double of the agent's API: real HTTP over a real Unix socket, answers from what the test put in."""

from __future__ import annotations

import json
import re
import socketserver
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
OLD = {"image": "registry.upkeep.test:5000/lager", "digest": "sha256:" + "a" * 64, "version": "1.0.0"}
NEW = {"image": "registry.upkeep.test:5000/lager", "digest": "sha256:" + "b" * 64, "version": "1.1.0"}


def summary(run: str = "20261121-093012-update-7f3a", **changes: Any) -> Json:
    return {
        "id": run,
        "stack": "lager",
        "operation": "update",
        "starter": "cli:anna",
        "started_at": "2026-11-21T09:30:12+01:00",
        "finished_at": "2026-11-21T09:30:40+01:00",
        "result": "updated",
        "from": OLD,
        "to": NEW,
        "phase": "prune",
        "percent": 100,
        "message": "1.1.0 läuft.",
    } | changes


def status(stack: str = "lager", **changes: Any) -> Json:
    return {
        "stack": stack,
        "release": OLD | {"since": "2026-11-20T08:00:00+01:00"},
        "previous": None,
        "available": None,
        "held": [],
        "slots": [
            {"name": "app-1", "state": "running", "digest": OLD["digest"], "version": "1.0.0", "health": "ready"},
        ],
        "maintenance": {"on": False, "owner": None, "reason": None, "until": None, "title": None, "text": None},
        "gate": {"state": "open"},
        "running": None,
        "last_run": None,
        "drift": [],
    } | changes


def event(n: int, phase: str, percent: int, message: str, elapsed: float = 0.0) -> Json:
    at = "2026-11-21T09:30:12+01:00"
    return {"n": n, "at": at, "phase": phase, "percent": percent, "message": message, "elapsed": elapsed}


UPDATE_EVENTS = [
    event(1, "preflight", 5, "Prüfe Voraussetzungen", 0.1),
    event(2, "pull", 20, "Hole 1.1.0", 0.5),
    event(3, "pull", 40, "Hole 1.1.0: 80 %", 2.5),
    event(4, "start", 70, "Starte 1.1.0", 6.0),
    event(5, "done", 100, "Fertig", 9.0),
]


@dataclass
class FakeRun:
    """Events may be added while somebody polls; the poll then returns."""

    report: Json
    events: list[Json] = field(default_factory=list)
    finished: bool = True
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, *events: Json, finished: bool = False) -> None:
        with self.changed:
            self.events.extend(events)
            self.finished = finished
            self.changed.notify_all()

    def after(self, n: int, wait: float) -> Json:
        with self.changed:
            self.changed.wait_for(lambda: self.finished or any(e["n"] > n for e in self.events), wait)
            return {"events": [e for e in self.events if e["n"] > n], "finished": self.finished}


class FakeAgent:
    """`stacks`, `runs`, `plans`, `healths` are what it knows; `refusals` answer a path with an error instead."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stacks: dict[str, Json] = {"lager": status()}
        self.runs: dict[str, FakeRun] = {}
        self.plans: Json = {
            "changed": True,
            "diff": {"before": "1.0.0\n", "after": "1.1.0\n"},
            "steps": [],
            "message": "",
        }
        self.health: Json = {"healthy": True, "checks": []}
        self.maintenance: Json = {"changed": True, "diff": {}, "maintenance": status()["maintenance"]}
        self.backups: Json = {"stack": "lager", "repository": "/mnt", "backups": [], "strange": []}
        self.deliveries: Json = {"deliveries": [{"way": "E-Mail an anna@example.de", "problem": None}]}
        self.watched: Json = {"stack": "lager", "alarms": [], "sent": [], "undelivered": []}
        self.history: Json = {"stack": "lager", "runs": [], "damaged": [], "held": []}
        self.lines: list[str] = ["eins", "zwei"]
        self.public: Json = {
            "phase": "start",
            "percent": 70,
            "title": None,
            "text": None,
            "until": None,
            "running": True,
        }
        self.next_run = FakeRun(summary(), UPDATE_EVENTS)
        self.refusals: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, str, Json | None]] = []
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def start(self) -> FakeAgent:
        self.path.unlink(missing_ok=True)
        self._server = _Server(str(self.path), _Handler)
        self._server.agent = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """As a killed agent: open polls break, nobody listens."""
        assert self._server
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.open):
            connection.close_now()
        self._server = None

    def refuse(self, path: str, status_code: int, answer: Any, times: int = 1_000_000) -> None:
        self.refusals[path] = [(status_code, answer)] * min(times, 1000)

    def bodies(self, path: str) -> list[Json | None]:
        return [body for _, asked, body in self.asked if asked == path]

    def answer(self, method: str, path: str, query: dict[str, str], body: Json | None) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        if self.refusals.get(path):
            return self.refusals[path].pop(0)
        for pattern, wanted, function in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == wanted:
                return function(self, *match.groups(), query=query, body=body)
        return 404, {"error": f"{method} {path} gibt es nicht.", "code": "not_found"}

    def try_notify(self, **_: Any) -> tuple[int, Any]:
        return 200, self.deliveries

    def watch(self, name: str, **_: Any) -> tuple[int, Any]:
        return 200, self.watched

    def list_stacks(self, **_: Any) -> tuple[int, Any]:
        return 200, list(self.stacks.values())

    def stack(self, name: str, verb: str = "", *, query: dict[str, str], body: Json | None) -> tuple[int, Any]:
        if name not in self.stacks:
            known = ", ".join(self.stacks)
            return 404, {"error": f"Den Stack „{name}“ gibt es nicht. Bekannt: {known}.", "code": "unknown_stack"}
        if verb == "/runs":
            run = self.next_run
            self.runs[run.report["id"]] = run
            return 202, {"run": run.report["id"]}
        answers: Json = {
            "": self.stacks[name],
            "/health": self.health,
            "/plan": self.plans,
            "/maintenance": self.maintenance,
            "/history": self.history,
            "/backups": self.backups,
            "/recovery-sheet": {"html": "<p>streng-geheim</p>"},
            "/logs": {"lines": self.lines[-int(query.get("lines", 200)) :]},
        }
        return 200, answers[verb]

    def run(self, run: str, verb: str = "", *, query: dict[str, str], **_: Any) -> tuple[int, Any]:
        if run not in self.runs:
            return 404, {"error": f"Den Lauf {run} gibt es nicht.", "code": "unknown_run"}
        if verb == "/events":
            return 200, self.runs[run].after(int(query["after"]), float(query["wait"]))
        return 200, self.runs[run].report

    def public_status(self, stack: str, **_: Any) -> tuple[int, Any]:
        return (200, self.public) if stack in self.stacks else (404, {"error": "unbekannt", "code": "unknown_stack"})

    def start_publicly(self, stack: str, action: str, **_: Any) -> tuple[int, Any]:
        return 202, {"run": f"20261121-093012-{action.rpartition('-')[2]}-7f3a"}


_ROUTES: list[tuple[str, str, Any]] = [
    (r"/v1/stacks", "GET", FakeAgent.list_stacks),
    (r"/v1/notify/test", "POST", FakeAgent.try_notify),
    (r"/v1/stacks/([^/]+)(|/health|/logs|/history|/backups|/recovery-sheet)", "GET", FakeAgent.stack),
    (r"/v1/stacks/([^/]+)(/plan|/runs|/maintenance)", "POST", FakeAgent.stack),
    (r"/v1/stacks/([^/]+)/watch", "POST", FakeAgent.watch),
    (r"/v1/runs/([^/]+)(|/events)", "GET", FakeAgent.run),
    (r"/v1/public/([^/]+)", "GET", FakeAgent.public_status),
    (r"/v1/public/([^/]+)/(start-update|check-update)", "POST", FakeAgent.start_publicly),
]


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    agent: FakeAgent

    def __init__(self, *args: Any) -> None:
        self.open: set[_Handler] = set()
        super().__init__(*args)

    def handle_error(self, *_: Any) -> None:
        """A caller that hung up is not worth a traceback."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self)

    def finish(self) -> None:
        self.server.open.discard(self)
        super().finish()

    def close_now(self) -> None:
        self.connection.shutdown(2)

    def handle_one(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        code, answer = self.server.agent.answer(self.command, url.path, query, body)
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = handle_one  # noqa: N815 (names of http.server)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: Any) -> None: ...


def wait_until(claim: Any, seconds: float = 60.0) -> None:
    """Until `claim()` holds; fails the test if it never does."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)
