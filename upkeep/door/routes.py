"""What the door answers, and to whom: a table of path → method → handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from upkeep.client import AgentError, AgentUnreachable, Busy, Json, Refused
from upkeep.door import asking
from upkeep.door.agent import PublicAgent
from upkeep.door.http import Request, Response, json_response, refusal
from upkeep.tickets.actions import REFUSED, Action

Handler = Callable[[Request], Response]
Routes = dict[str, dict[str, Handler]]

# Only these leave the host, whatever the agent says; the types are checked, so nothing nested slips through.
_PUBLIC: dict[str, tuple[type, ...]] = {
    "phase": (str,),
    "percent": (int, float),
    "title": (str,),
    "text": (str,),
    "until": (str,),
    "running": (bool,),
    "mixed": (bool,),
    "release": (str,),
    "instance": (str,),
    "result": (str,),
}
_UNKNOWN = ("unknown_stack", "unknown_path")  # the stack is gone, or the agent is older than the door


@dataclass(frozen=True)
class Door:
    """One stack's door: asks the agent's public socket about this stack and nothing else."""

    stack: str
    agent: PublicAgent

    def routes(self) -> Routes:
        routes: Routes = {
            "/api/system/update": {"GET": self.update},
            "/api/updater/health": {"GET": self.health},
        }
        return routes | {f"/api/system/{action}": {"POST": partial(self.act, action)} for action in Action}

    def update(self, request: Request) -> Response:
        """Phase and percent of what is going on. Without the agent: 503, everything null, `running` too: not known."""
        try:
            answer = self.agent.public(self.stack)
        except AgentError:
            silent = {"error": "Der Agent antwortet gerade nicht."}
            return json_response(HTTPStatus.SERVICE_UNAVAILABLE, _public({}) | silent, Retry_After="2")
        return json_response(HTTPStatus.OK, _public(answer))

    def act(self, action: Action, request: Request) -> Response:
        """Carry a ticket to the agent. BadRequest for what is no proper request."""
        asked = asking.read(request)
        try:
            run = self.agent.act(self.stack, action, asked.origin, asked.ticket)
        except AgentError as error:
            return _refused(error)
        return json_response(HTTPStatus.ACCEPTED, {"run": run})

    def health(self, request: Request) -> Response:
        """The door itself is there."""
        return Response(HTTPStatus.OK, b"OK", "text/plain; charset=utf-8")


def answer(routes: Routes, request: Request) -> Response:
    methods = routes.get(request.path)
    if methods is None:
        return refusal(HTTPStatus.NOT_FOUND, "Das gibt es hier nicht.", "unknown_path")
    handler = methods.get(request.method)
    if handler is None:
        allowed = ", ".join(methods)
        return refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} geht hier nicht.", "method", Allow=allowed)
    return handler(request)


def _refused(error: AgentError) -> Response:
    if isinstance(error, Busy):
        running = {key: error.running.get(key) for key in ("id", "operation", "started_at")}
        busy = {"error": "Es läuft schon ein Vorgang.", "code": "busy", "running": running}
        return json_response(HTTPStatus.CONFLICT, busy)
    if error.code in REFUSED:
        later = {"Retry_After": "30"} if error.code == "too_many" else {}
        return refusal(REFUSED[error.code], str(error), error.code, **later)
    if isinstance(error, AgentUnreachable) or error.code in _UNKNOWN:
        text = "Der Agent antwortet gerade nicht. Ob etwas begonnen hat, zeigt /api/system/update."
        return refusal(HTTPStatus.SERVICE_UNAVAILABLE, text, "unreachable", Retry_After="2")
    if isinstance(error, Refused):
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), error.code)
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Der Agent konnte das nicht ausführen.", "failed")


def _public(answer: Json) -> Json:
    return {key: answer[key] if isinstance(answer.get(key), kinds) else None for key, kinds in _PUBLIC.items()}
