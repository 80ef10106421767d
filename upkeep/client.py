"""The agent's client: HTTP/1.1 and JSON over a Unix socket. Standard library only, and one file: Ansible ships it as
`ansible.module_utils.upkeep_client`. Every error is an `AgentError` whose text is German and made for the operator."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

AGENT_SOCKET = "/run/upkeep/agent.sock"
PUBLIC_SOCKET = "/run/upkeep/public.sock"
LONG_POLL = 25.0
ANSWER_LIMIT = 16 * 1024 * 1024

Json = dict[str, Any]
Pulse = Callable[[float], None]


class AgentError(Exception):
    """The agent said no, or nothing at all. `code` is for programs, the text for people."""

    code = "failed"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class AgentUnreachable(AgentError):
    """No agent answered, or it is not ready yet."""

    code = "unreachable"


class SocketMissing(AgentUnreachable):
    """There is no socket: the agent is not installed, or it is stopped."""


class Refused(AgentError):
    """Nothing was done: bad policy, failed preflight, unknown stack, impossible request."""

    code = "refused"


class UnknownStack(Refused):
    """This host has no such stack."""


class Busy(AgentError):
    """Another run is going on. `running` has id, operation, starter, started_at."""

    def __init__(self, message: str, code: str, running: Json) -> None:
        super().__init__(message, code)
        self.running = running


@dataclass(frozen=True)
class Event:
    """One step of a run's progress. `elapsed` in seconds since the run began, `percent` 0 to 100."""

    n: int
    at: str
    phase: str
    percent: int
    message: str
    elapsed: float

    @classmethod
    def parse(cls, raw: Json) -> Event:
        at, phase, message = (str(raw.get(key) or "") for key in ("at", "phase", "message"))
        return cls(int(raw["n"]), at, phase, int(raw.get("percent") or 0), message, float(raw.get("elapsed") or 0.0))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("upkeep", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass
class AgentClient:
    """Speaks to one agent. Answers are the JSON objects of the agent's API, errors are `AgentError`s."""

    socket_path: str = AGENT_SOCKET
    timeout: float = 30.0  # seconds for one answer
    patience: float = 60.0  # seconds a followed run survives without an agent
    clock: Callable[[], float] = time.monotonic
    sleep: Pulse = time.sleep

    def agent(self) -> Json:
        return self._object("GET", "/v1/agent")

    def tried(self, what: str) -> Json:
        """The ways to „notify“ somebody; the credentials placed for „registries“."""
        return self._object("POST", f"/v1/{what}/test", {}, timeout=180.0)

    def watch(self, stack: str) -> Json:
        return self._object("POST", _path("stacks", stack, "watch"), {}, timeout=300.0)

    def stacks(self) -> list[Json]:
        return list(self._request("GET", "/v1/stacks"))

    def status(self, stack: str) -> Json:
        return self._object("GET", _path("stacks", stack))

    def health(self, stack: str) -> Json:
        return self._object("GET", _path("stacks", stack, "health"), timeout=max(self.timeout, 60.0))

    def plan(self, stack: str, order: Json) -> Json:
        """What `start` with the same order (see `order`) would do. Writes nothing."""
        return self._object("POST", _path("stacks", stack, "plan"), order, timeout=max(self.timeout, 120.0))

    def start(self, stack: str, order: Json) -> str:
        """Start a run and return its id. Never retried: a lost answer may have started one."""
        return str(self._object("POST", _path("stacks", stack, "runs"), order)["run"])

    def maintenance(self, stack: str, wish: Json) -> Json:
        return self._object("POST", _path("stacks", stack, "maintenance"), wish)

    def logs(self, stack: str, lines: int = 200, run: str | None = None) -> list[str]:
        query: Json = {"lines": lines} | ({"run": run} if run else {})
        return [str(line) for line in self._object("GET", _path("stacks", stack, "logs", **query))["lines"]]

    def told(self, stack: str, what: str, **query: object) -> Json:
        """What the agent says of its history, its backups, its recovery-sheet (a secret)."""
        return self._object("GET", _path("stacks", stack, what, **query), timeout=max(self.timeout, 90.0))

    def report(self, run: str) -> Json:
        return self._patiently(run, _path("runs", run))

    def events(self, run: str, wait: float = LONG_POLL, pulse: Pulse = lambda _: None) -> Iterator[Event]:
        """Yield the run's events until it has finished, across restarts of the agent. `pulse` is called after every
        poll without news, with the seconds since the agent last answered (0 = quiet)."""
        last, finished = 0, False
        while not finished:
            asked = self.clock()
            page = self._patiently(run, _path("runs", run, "events", after=last, wait=f"{wait:g}"), wait, pulse)
            for event in map(Event.parse, page["events"]):
                last = max(last, event.n)
                yield event
            finished = bool(page["finished"])
            if not page["events"] and not finished:
                pulse(0.0)
                self.sleep(max(0.0, min(wait, 0.2) - (self.clock() - asked)))  # an agent may not hold the poll

    def _patiently(self, run: str, path: str, wait: float = 0.0, pulse: Pulse = lambda _: None) -> Json:
        """GET that outlives a restart of the agent, for at most `patience` seconds."""
        lost_at: float | None = None
        while True:
            try:
                return self._object("GET", path, timeout=self.timeout + wait)
            except AgentUnreachable as error:
                lost_at = self.clock() if lost_at is None else lost_at
                silent = self.clock() - lost_at
                if silent >= self.patience:
                    raise AgentUnreachable(_LOST.format(run=run, silent=silent, error=error), error.code) from error
                pulse(silent)
                self.sleep(0.5)

    def _object(self, method: str, path: str, body: Json | None = None, timeout: float | None = None) -> Json:
        answer = self._request(method, path, body, timeout)
        if not isinstance(answer, dict):
            raise AgentError(f"Der Agent antwortete auf {method} {path} nicht mit einem JSON-Objekt.")
        return answer

    def _request(self, method: str, path: str, body: Json | None = None, timeout: float | None = None) -> Any:
        payload = None if body is None else json.dumps(body).encode()
        with contextlib.closing(_UnixConnection(self.socket_path, timeout or self.timeout)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise _no_connection(self.socket_path, error) from error
            try:
                connection.request(method, path, payload, {"Content-Type": "application/json", "Connection": "close"})
                response = connection.getresponse()
                return _judge(response.status, response.read(ANSWER_LIMIT))
            except (OSError, http.client.HTTPException) as error:
                lost = _START_LOST if method == "POST" else _NO_ANSWER
                raise AgentUnreachable(lost.format(why=_why(error))) from error


def order(operation: str, starter: str, to: str | None = None, force: bool = False, service: str | None = None) -> Json:
    """The body of `plan` and `start`. `operation`: one of upkeep.memory.journal.Operation. `service`: not the app."""
    options: Json = {"force": force} | ({"to": to} if to else {}) | ({"service": service} if service else {})
    return {"operation": operation, "starter": starter, "options": options}


def _path(collection: str, name: str, verb: str = "", **query: object) -> str:
    path = "/".join(["/v1", collection, urllib.parse.quote(name, safe=""), *([verb] if verb else [])])
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def _judge(status: int, raw: bytes) -> Any:
    try:
        answer = json.loads(raw)
    except ValueError as error:
        raise AgentError(f"Der Agent antwortete mit HTTP {status}, aber nicht mit JSON: {raw[:80]!r}") from error
    if 200 <= status < 300:
        return answer
    raise _refusal(status, answer if isinstance(answer, dict) else {})


def _refusal(status: int, answer: Json) -> AgentError:
    message = str(answer.get("error") or f"Der Agent antwortete mit HTTP {status} und nannte keinen Grund.")
    code = str(answer.get("code") or "")
    if isinstance(answer.get("running"), dict):
        return Busy(message, code or "busy", answer["running"])
    by_status = AgentUnreachable if status == 503 else Refused if 400 <= status < 500 else AgentError
    return (UnknownStack if code == "unknown_stack" else by_status)(message, code)


def _no_connection(path: str, error: OSError) -> AgentUnreachable:
    step = "Weiter mit: `systemctl status upkeep-agent`."
    if isinstance(error, FileNotFoundError):
        return SocketMissing(f"Der Upkeep-Agent läuft auf diesem Host nicht ({path} gibt es nicht). {step}")
    if isinstance(error, PermissionError):
        return AgentUnreachable(f"Kein Zugriff auf {path}: das darf nur root. Weiter mit: `sudo upkeep …`.")
    return AgentUnreachable(f"Der Upkeep-Agent antwortet nicht an {path} ({_why(error)}). {step}")


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "niemand hört zu"
    if isinstance(error, TimeoutError):
        return "Zeitüberschreitung"
    return getattr(error, "strerror", None) or type(error).__name__


_NO_ANSWER = "Der Upkeep-Agent gab keine Antwort ({why}). Weiter mit: `systemctl status upkeep-agent`."
_START_LOST = (
    "Die Antwort des Agenten ging verloren ({why}); ob der Auftrag noch ausgeführt wird, ist von hier nicht zu sehen. "
    "Weiter mit: `upkeep status`."
)
_LOST = (
    "Der Agent ist seit {silent:.0f} s nicht erreichbar; wie der Lauf {run} ausgeht, ist von hier nicht zu sehen. "
    "Sobald der Agent wieder läuft, führt er ihn zu Ende oder nimmt ihn zurück. "
    "Weiter mit: `systemctl status upkeep-agent`, danach `upkeep status`. Zuletzt: {error}"
)
