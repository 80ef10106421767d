"""Telling people, by every way that is set up: each has a deadline, and none keeps the others from trying."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from upkeep.errors import NotifyFailed, UpkeepError
from upkeep.notify.notice import Delivery, Notice
from upkeep.notify.ways import Ways, read
from upkeep.ports import mail, webhook

DEADLINE = 25.0  # seconds for one way, however slowly its server speaks
SETTINGS = Path("/etc/upkeep/notify.json")

Way = tuple[str, Callable[[], None]]


class Notify(Protocol):
    def send(self, notice: Notice) -> tuple[Delivery, ...]:
        """By every way; nothing when none is set up. Never raises."""


class Messenger:
    """Reads its settings each time, so that a change counts at once."""

    def __init__(self, settings: Path = SETTINGS, deadline: float = DEADLINE) -> None:
        self._settings = settings
        self._deadline = deadline

    def send(self, notice: Notice) -> tuple[Delivery, ...]:
        try:
            ways = read(self._settings)
        except UpkeepError as exc:
            return (Delivery("Einstellungen", str(exc)),)
        return tuple(self._deliver(*way) for way in _ways(ways, notice))

    def _deliver(self, name: str, send: Callable[[], None]) -> Delivery:
        """A thread that is still waiting at the deadline is left to its own, shorter ones."""
        outcome: list[str | None] = []
        thread = threading.Thread(target=lambda: outcome.append(_tried(send)), name=f"notify {name}", daemon=True)
        thread.start()
        thread.join(self._deadline)
        late = f"keine Antwort in {self._deadline:g} s"
        return Delivery(name, outcome[0] if outcome else late)


def _ways(ways: Ways, notice: Notice) -> Iterator[Way]:
    if ways.mail:
        letter = ways.mail
        yield f"E-Mail an {', '.join(letter.recipients)}", lambda: mail.send(letter, ways.host, notice)
    if ways.webhook:
        hook = ways.webhook
        yield f"Webhook an {hook.host}", lambda: webhook.send(hook, ways.host, notice)


def _tried(send: Callable[[], None]) -> str | None:
    try:
        send()
    except NotifyFailed as exc:
        return str(exc)
    except Exception as exc:  # a stranger's server: whatever it was, the run goes on
        return f"Unerwarteter Fehler: {type(exc).__name__}"
    return None
