"""The agent's client: HTTP/1.1 and JSON over a Unix socket.

Standard library only and no relative imports: Ansible ships this very file as `ansible.module_utils.upkeep_client`.
That is also why all of it is one file. Every error is an `AgentError` whose text is German and made for the operator.
"""

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


class AgentError(Exception):
    """The agent said no, or nothing at all. `code` is for programs, the text for people."""

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


class AgentUnreachable(AgentError):
    """No agent answered, or it is not ready yet."""

    def __init__(self, message: str, code: str = "unreachable") -> None:
        super().__init__(message, code)


class SocketMissing(AgentUnreachable):
    """There is no socket: the agent is not installed, or it is stopped."""


class Refused(AgentError):
    """Nothing was done: bad policy, failed preflight, unknown stack, impossible request."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message, code)


class UnknownStack(Refused):
    """This host has no such stack; the message lists the ones it has."""


class UnknownRun(AgentError):
    """The agent knows no run of that id."""


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
        return cls(
            n=int(raw["n"]),
            at=str(raw.get("at") or ""),
            phase=str(raw.get("phase") or ""),
            percent=int(raw.get("percent") or 0),
            message=str(raw.get("message") or ""),
            elapsed=float(raw.get("elapsed") or 0.0),
        )


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("upkeep", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class AgentClient:
    """Speaks to one agent. Answers are the JSON objects of the API (docs: agent API), errors are `AgentError`s."""

    def __init__(
        self,
        socket_path: str = AGENT_SOCKET,
        timeout: float = 30.0,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`timeout`: seconds for one answer. `patience`: seconds a followed run survives without an agent."""
        self.socket_path = socket_path
        self.timeout = timeout
        self.patience = patience
        self._clock = clock
        self._sleep = sleep

    def agent(self) -> Json:
        return self._object("GET", "/v1/agent")

    def stacks(self) -> list[Json]:
        answer = self._request("GET", "/v1/stacks")
        return list(answer["stacks"] if isinstance(answer, dict) else answer)

    def status(self, stack: str) -> Json:
        return self._object("GET", _stack_path(stack))

    def health(self, stack: str) -> Json:
        return self._object("GET", _stack_path(stack, "health"), timeout=max(self.timeout, 60.0))

    def plan(self, stack: str, order: Json) -> Json:
        """What `start` with the same order (see `order`) would do. Writes nothing."""
        return self._object("POST", _stack_path(stack, "plan"), order, timeout=max(self.timeout, 120.0))

    def start(self, stack: str, order: Json) -> str:
        """Start a run and return its id. Never retried: a lost answer may have started one."""
        return str(self._object("POST", _stack_path(stack, "runs"), order)["run"])

    def maintenance(self, stack: str, wish: Json) -> Json:
        return self._object("POST", _stack_path(stack, "maintenance"), wish)

    def logs(self, stack: str, lines: int = 200, run: str | None = None) -> list[str]:
        query = {"lines": str(lines)} | ({"run": run} if run else {})
        return [str(line) for line in self._object("GET", _stack_path(stack, "logs", query))["lines"]]

    def public(self, stack: str) -> Json:
        """The little that anyone may know; answered on the public socket only."""
        return self._object("GET", f"/v1/public/{urllib.parse.quote(stack, safe='')}")

    def report(self, run: str) -> Json:
        return self._object("GET", _run_path(run))

    def events(
        self, run: str, wait: float = LONG_POLL, pulse: Callable[[float], None] | None = None
    ) -> Iterator[Event]:
        """Yield the run's events until it has finished, across restarts of the agent.

        `pulse` is called after every poll without news, with the seconds since the agent last answered (0 = quiet).
        """
        last, finished = 0, False
        while not finished:
            path = _run_path(run, "events", {"after": str(last), "wait": f"{wait:g}"})
            asked = self._clock()
            page = self._patiently(run, path, wait, pulse)
            for raw in page["events"]:
                event = Event.parse(raw)
                last = max(last, event.n)
                yield event
            finished = bool(page["finished"])
            if not page["events"] and not finished:
                self._quiet(asked, pulse)

    def follow(
        self,
        run: str,
        on_event: Callable[[Event], None] | None = None,
        wait: float = LONG_POLL,
        pulse: Callable[[float], None] | None = None,
    ) -> Json:
        """Wait for the end of a run and return its report."""
        for event in self.events(run, wait, pulse):
            if on_event:
                on_event(event)
        return self._patiently(run, _run_path(run), 0.0, pulse)

    def _quiet(self, asked: float, pulse: Callable[[float], None] | None) -> None:
        if pulse:
            pulse(0.0)
        if self._clock() - asked < 0.2:  # an agent that does not hold the poll must not be asked in a tight loop
            self._sleep(0.2)

    def _patiently(self, run: str, path: str, wait: float, pulse: Callable[[float], None] | None) -> Json:
        """GET that outlives a restart of the agent, for at most `patience` seconds."""
        lost_at: float | None = None
        while True:
            try:
                return self._object("GET", path, timeout=self.timeout + wait)
            except AgentUnreachable as error:
                lost_at = self._clock() if lost_at is None else lost_at
                silent = self._clock() - lost_at
                if silent >= self.patience:
                    raise AgentUnreachable(_lost(run, silent, error), error.code) from error
                if pulse:
                    pulse(silent)
                self._sleep(0.5)

    def _object(self, method: str, path: str, body: Json | None = None, timeout: float | None = None) -> Json:
        answer = self._request(method, path, body, timeout)
        if not isinstance(answer, dict):
            raise AgentError(f"Der Agent antwortete auf {method} {path} nicht mit einem JSON-Objekt.")
        return answer

    def _request(self, method: str, path: str, body: Json | None = None, timeout: float | None = None) -> Any:
        connection = _UnixConnection(self.socket_path, timeout or self.timeout)
        with contextlib.closing(connection):
            try:
                connection.connect()
            except OSError as error:
                raise _no_connection(self.socket_path, error) from error
            try:
                status, raw = _exchange(connection, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                raise AgentUnreachable(_no_answer(method, path, error)) from error
        return _judge(status, raw)


def order(operation: str, starter: str, to: str | None = None, force: bool = False) -> Json:
    """The body of `plan` and `start`. `operation`: deploy, update, rollback or check."""
    options: Json = {"force": force} | ({"to": to} if to else {})
    return {"operation": operation, "starter": starter, "options": options}


def _stack_path(stack: str, verb: str = "", query: dict[str, str] | None = None) -> str:
    path = "/v1/stacks/" + urllib.parse.quote(stack, safe="") + (f"/{verb}" if verb else "")
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def _run_path(run: str, verb: str = "", query: dict[str, str] | None = None) -> str:
    path = "/v1/runs/" + urllib.parse.quote(run, safe="") + (f"/{verb}" if verb else "")
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def _exchange(connection: _UnixConnection, method: str, path: str, body: Json | None) -> tuple[int, bytes]:
    payload = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", "Connection": "close"}
    if payload is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, payload, headers)
    response = connection.getresponse()
    return response.status, response.read(ANSWER_LIMIT)


def _judge(status: int, raw: bytes) -> Any:
    try:
        answer = json.loads(raw)
    except ValueError as error:
        start = raw[:80].decode("utf-8", "replace")
        raise AgentError(f"Der Agent antwortete mit HTTP {status}, aber nicht mit JSON: „{start}“.") from error
    if 200 <= status < 300:
        return answer
    raise _refusal(status, answer if isinstance(answer, dict) else {})


def _refusal(status: int, answer: Json) -> AgentError:
    message = str(answer.get("error") or f"Der Agent antwortete mit HTTP {status} und nannte keinen Grund.")
    code = str(answer.get("code") or "failed")
    if isinstance(answer.get("running"), dict):
        return Busy(message, code, answer["running"])
    if code == "unknown_run":
        return UnknownRun(message, code)
    if code == "unknown_stack":
        return UnknownStack(message, code)
    if status == 503:
        return AgentUnreachable(message, code)
    return Refused(message, code) if 400 <= status < 500 else AgentError(message, code)


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


def _no_answer(method: str, path: str, error: Exception) -> str:
    if method == "POST" and path.endswith("/runs"):
        return (
            f"Die Antwort des Agenten ging verloren ({_why(error)}); ob der Lauf begonnen hat, "
            "ist von hier nicht zu sehen. Weiter mit: `upkeep status`."
        )
    return f"Der Upkeep-Agent gab keine Antwort ({_why(error)}). Weiter mit: `systemctl status upkeep-agent`."


def _lost(run: str, silent: float, error: AgentError) -> str:
    return (
        f"Der Agent ist seit {silent:.0f} s nicht erreichbar; wie der Lauf {run} ausgeht, ist von hier nicht zu sehen. "
        "Sobald der Agent wieder läuft, führt er ihn zu Ende oder nimmt ihn zurück. "
        f"Weiter mit: `systemctl status upkeep-agent`, danach `upkeep status`. Zuletzt: {error}"
    )
