"""What the door answers, and to whom: a table of path → method → handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from upkeep.client import AgentClient, AgentError, Json
from upkeep.door.http import Request, Response, json_response, refusal

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
    "release": (str,),
}


@dataclass(frozen=True)
class Door:
    """One stack's door: asks the agent's public socket about this stack and nothing else."""

    stack: str
    agent: AgentClient

    def routes(self) -> Routes:
        return {
            "/api/system/update": {"GET": self.update},
            "/api/updater/health": {"GET": self.health},
        }

    def update(self, request: Request) -> Response:
        """Phase and percent of what is going on. Without the agent: 503, everything null, `running` too: not known."""
        try:
            answer = self.agent.public(self.stack)
        except AgentError:
            silent = {"error": "Der Agent antwortet gerade nicht."}
            return json_response(HTTPStatus.SERVICE_UNAVAILABLE, _public({}) | silent, Retry_After="2")
        return json_response(HTTPStatus.OK, _public(answer))

    def health(self, request: Request) -> Response:
        """The door itself is there."""
        return Response(HTTPStatus.OK, b"OK", "text/plain; charset=utf-8")


def answer(routes: Routes, request: Request) -> Response:
    methods = routes.get(request.path)
    if methods is None:
        return refusal(HTTPStatus.NOT_FOUND, "Das gibt es hier nicht.")
    handler = methods.get(request.method)
    if handler is None:
        allowed = ", ".join(methods)
        return refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} geht hier nicht.", Allow=allowed)
    return handler(request)


def _public(answer: Json) -> Json:
    return {key: answer[key] if isinstance(answer.get(key), kinds) else None for key, kinds in _PUBLIC.items()}
