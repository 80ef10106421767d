"""The agent's verbs: method and path → function → JSON. No sockets here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from upkeep import __version__, registry_trial
from upkeep import health as healths
from upkeep import status as statuses
from upkeep.agent import protocol
from upkeep.agent.desk import Desk
from upkeep.agent.operator import set_maintenance
from upkeep.agent.order import Order
from upkeep.backup.sheet import sheet
from upkeep.errors import BadRequest, Busy, Refused, UpkeepError
from upkeep.memory import history as histories
from upkeep.memory import journal
from upkeep.notify.telling import tell
from upkeep.notify.trial import trial
from upkeep.tickets.actions import REFUSED

LONGEST_WAIT = 30.0
MOST_LINES = 5000
STATUS_OF = {
    "unknown_stack": 404,
    "unknown_run": 404,
    "unknown_backup": 404,
    "bad_request": 400,
    "journal": 422,
    **REFUSED,
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]

    def number(self, key: str, default: float, highest: float) -> float:
        try:
            return max(0.0, min(float(self.query.get(key, default)), highest))
        except ValueError as exc:
            raise BadRequest(f"{key} ist keine Zahl", observed=self.query[key]) from exc


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any


Verb = Callable[[Desk, Request, str], Any]


def agent(desk: Desk, request: Request, _: str) -> Any:
    return {"version": __version__, "ready": True, "stacks": list(desk.layout.stacks())}


def try_notify(desk: Desk, request: Request, _: str) -> Any:
    return trial(desk.ports)


def try_registries(desk: Desk, request: Request, _: str) -> Any:
    return registry_trial.trial(desk.layout, desk.ports)


def stacks(desk: Desk, request: Request, _: str) -> Any:
    return [stack_status(desk, request, name) for name in desk.layout.stacks()]


def stack_status(desk: Desk, request: Request, name: str) -> Any:
    return statuses.status(desk.layout.stack(name), desk.ports, desk.running(name))


def stack_health(desk: Desk, request: Request, name: str) -> Any:
    return healths.health(desk.layout.stack(name), desk.ports)


def start_run(desk: Desk, request: Request, name: str) -> Any:
    return Reply(202, {"run": desk.start(name, Order.parse(request.body))})


def plan(desk: Desk, request: Request, name: str) -> Any:
    return desk.plan(name, Order.parse(request.body))


def change_maintenance(desk: Desk, request: Request, name: str) -> Any:
    paths = desk.layout.stack(name)
    at_work = desk.running(name) is not None or journal.cut_short(paths)
    return set_maintenance(paths, desk.ports, request.body, at_work)


def watch(desk: Desk, request: Request, name: str) -> Any:
    return tell(desk.layout.stack(name), desk.ports)


def logs(desk: Desk, request: Request, name: str) -> Any:
    count = int(request.number("lines", 200, MOST_LINES))
    report = desk.report(request.query["run"]) if request.query.get("run") else None
    return {"lines": protocol.lines(desk.layout.stack(name), desk.ports, count, report)}


def history(desk: Desk, request: Request, name: str) -> Any:
    return histories.history(desk.layout.stack(name), request.query.get("checks") == "1")


def backups(desk: Desk, request: Request, name: str) -> Any:
    return desk.backups(name)


def recovery_sheet(desk: Desk, request: Request, name: str) -> Any:
    """A secret: into no log."""
    return sheet(desk.layout.stack(name), desk.ports.clock.now())


def report(desk: Desk, request: Request, run_id: str) -> Any:
    return desk.report(run_id)


def events(desk: Desk, request: Request, run_id: str) -> Any:
    after, wait = int(request.number("after", 0, 1e9)), request.number("wait", 0, LONGEST_WAIT)
    return desk.events(run_id, after, wait)


NAME = "([^/]+)"
VERBS: tuple[tuple[str, str, Verb], ...] = (
    ("GET", "/v1/agent()", agent),
    ("POST", "/v1/notify/test()", try_notify),
    ("POST", "/v1/registries/test()", try_registries),
    ("GET", "/v1/stacks()", stacks),
    ("GET", f"/v1/stacks/{NAME}", stack_status),
    ("GET", f"/v1/stacks/{NAME}/health", stack_health),
    ("POST", f"/v1/stacks/{NAME}/runs", start_run),
    ("POST", f"/v1/stacks/{NAME}/plan", plan),
    ("POST", f"/v1/stacks/{NAME}/maintenance", change_maintenance),
    ("POST", f"/v1/stacks/{NAME}/watch", watch),
    ("GET", f"/v1/stacks/{NAME}/logs", logs),
    ("GET", f"/v1/stacks/{NAME}/history", history),
    ("GET", f"/v1/stacks/{NAME}/backups", backups),
    ("GET", f"/v1/stacks/{NAME}/recovery-sheet", recovery_sheet),
    ("GET", f"/v1/runs/{NAME}", report),
    ("GET", f"/v1/runs/{NAME}/events", events),
)


def answer(desk: Desk, request: Request, verbs: tuple[tuple[str, str, Verb], ...]) -> Reply:
    """Never raises for what an operator or a client can cause."""
    try:
        return _dispatch(desk, request, verbs)
    except Busy as exc:
        return Reply(409, {"error": str(exc), "code": exc.code, "running": exc.running})
    except UpkeepError as exc:
        usual = 422 if isinstance(exc, Refused) else 500
        return Reply(STATUS_OF.get(exc.code, usual), {"error": str(exc), "code": exc.code})


def _dispatch(desk: Desk, request: Request, verbs: tuple[tuple[str, str, Verb], ...]) -> Reply:
    matches = [(method, verb, found) for method, path, verb in verbs if (found := re.fullmatch(path, request.path))]
    for method, verb, found in matches:
        if method == request.method:
            result = verb(desk, request, unquote(found[1]))
            return result if isinstance(result, Reply) else Reply(200, result)
    text = f"{request.method} {request.path} gibt es hier nicht."
    return Reply(405 if matches else 404, {"error": text, "code": "unknown_path"})
