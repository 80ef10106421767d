"""Talking to the agent and to the gate from the host itself."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

STACK = "lager"
AGENT = "/run/upkeep/agent.sock"
CONTROL = f"/run/upkeep/gate/{STACK}/admin.sock"
Json = dict[str, Any]


class _Unix(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(AGENT)


def ask(method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
    """(0, {}) when nobody answers."""
    connection = _Unix("upkeep", timeout=30)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def until(condition: Any, within: float, every: float = 0.05) -> bool:
    """Whether it came true in time."""
    deadline = time.time() + within
    while not condition():
        if time.time() > deadline:
            return False
        time.sleep(every)
    return True


def begin(operation: str, options: Json) -> tuple[int, Json]:
    order = {"operation": operation, "starter": "faults", "options": options}
    return ask("POST", f"/v1/stacks/{STACK}/runs", order)


def agent_answers() -> bool:
    return ask("GET", "/v1/agent")[0] == 200


def ended(run: str) -> Json | None:
    """The report of a run that is over."""
    status, report = ask("GET", f"/v1/runs/{run}")
    return report if status == 200 and report["finished_at"] else None


def finished(run: str, within: float) -> Json | None:
    found: list[Json | None] = [None]

    def over() -> bool:
        found[0] = ended(run)
        return found[0] is not None

    until(over, within)
    return found[0]


def do(operation: str, within: float = 90, **options: Any) -> Json:
    """A run that nobody disturbs; its report, or the refusal."""
    status, answer = begin(operation, options)
    if status != 202:
        return {"result": "refused", "message": str(answer.get("error")), "status": status}
    return finished(answer["run"], within) or {"result": None, "message": f"{answer['run']} endet nicht"}


def maintenance(on: bool) -> None:
    wish = {"on": on, "owner": "operator", "title": "Inventur", "reason": "Zählung"}
    status, answer = ask("POST", f"/v1/stacks/{STACK}/maintenance", wish)
    assert status == 200, answer


def control(command: str) -> str:
    """What the gate says on its runtime socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(CONTROL)
        connection.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def get(address: str, port: int, path: str = "/api/health", timeout: float = 10) -> tuple[int, str, Json]:
    """(status, header X-Upkeep-Release, document); status 0 when there was no HTTP answer in time."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        document = json.loads(text) if text.startswith("{") else {"text": text}
        return answer.status, answer.getheader("X-Upkeep-Release") or "", document
    except (OSError, http.client.HTTPException, ValueError):
        return 0, "", {}
    finally:
        connection.close()


@dataclass
class Callers:
    """A light load at the gate: each asks again and again, retries nothing, waits ten seconds at most. `pause`: seconds
    between an answer and the next question."""

    pause: float
    seen: list[tuple[float, str]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, count: int = 2) -> None:
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            status, release, document = get("127.0.0.1", 80)
            kind = f"200 {document.get('version')}" if status == 200 else str(status)
            if status == 200 and release != document.get("version"):
                kind += f" (Kopfzeile {release})"
            self.seen.append((time.time(), kind))
            time.sleep(self.pause)

    def counts(self) -> dict[str, int]:
        return dict(Counter(kind for _, kind in self.seen))

    def last_bad(self) -> float:
        """When somebody got something else than the app's answer for the last time."""
        return max((at for at, kind in self.seen if not kind.startswith("200")), default=0.0)
