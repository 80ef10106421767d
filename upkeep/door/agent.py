"""The agent as the door sees it: the verbs of its public socket."""

from __future__ import annotations

from upkeep.client import AgentClient, Json
from upkeep.tickets.actions import Action

_START_SECONDS = 10.0  # the agent looks at the stack before it says yes


class PublicAgent(AgentClient):
    def public(self, stack: str) -> Json:
        """The little that anyone may know."""
        return self._object("GET", f"/v1/public/{stack}")

    def act(self, stack: str, action: Action, origin: str, ticket: str) -> str:
        """The id of the run that was started. Never retried."""
        wish = {"origin": origin, "ticket": ticket}
        return str(self._object("POST", f"/v1/public/{stack}/{action}", wish, timeout=_START_SECONDS)["run"])
