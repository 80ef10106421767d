"""Each alarm is told once, again when it changed, and an all-clear when it is over. What was told is remembered; what
nobody could be told is tried again the next time."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass
from typing import Any

from upkeep import redaction
from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.notify.notice import Kind, Notice
from upkeep.notify.standing import Alarm, standing
from upkeep.ports import Ports
from upkeep.ports.clock import stamp

OVER = "Der Zustand, vor dem gewarnt wurde, besteht nicht mehr."

log = logging.getLogger("upkeep.notify")
_turn = threading.Lock()  # the end of a run and the timer may come at the same moment


@dataclass(frozen=True)
class Told:
    """An alarm somebody knows of. `since`: when it was told first."""

    code: str
    title: str
    mark: str
    since: str


def tell(paths: StackPaths, ports: Ports) -> dict[str, Any]:
    """{"stack", "alarms": that stand now, "sent": titles, "undelivered": why somebody was not told}. Never raises for
    what a way of telling can cause."""
    with _turn:
        now, known = standing(paths, ports), _recall(paths)
        sent, undelivered, after = _settle(paths, ports, now, known)
        if after != known:
            _remember(paths, ports, after)
    return {
        "stack": paths.name,
        "alarms": [
            asdict(alarm) | {"since": after[alarm.code].since if alarm.code in after else None} for alarm in now
        ],
        "sent": sent,
        "undelivered": undelivered,
    }


def tell_quietly(paths: StackPaths, ports: Ports) -> None:
    """At the end of a run, which nothing of this may spoil."""
    try:
        tell(paths, ports)
    except (UpkeepError, OSError) as exc:
        log.error("%s: Alarme ließen sich nicht weitergeben: %s", paths.name, exc)


def _settle(
    paths: StackPaths, ports: Ports, now: tuple[Alarm, ...], known: dict[str, Told]
) -> tuple[list[str], list[str], dict[str, Told]]:
    sent: list[str] = []
    undelivered: list[str] = []
    after = dict(known)
    for notice, told in _news(paths, ports, now, known):
        if problems := _send(paths, ports, notice):
            undelivered += problems
            continue
        sent.append(notice.title)
        if told:
            after[notice.code] = told
        else:
            del after[notice.code]
    return sent, undelivered, after


def _news(
    paths: StackPaths, ports: Ports, now: tuple[Alarm, ...], known: dict[str, Told]
) -> list[tuple[Notice, Told | None]]:
    """What has to be said, and what is known then."""
    at, found = stamp(ports.clock.now()), list[tuple[Notice, Told | None]]()
    for alarm in now:
        before = known.get(alarm.code)
        if before is None or before.mark != alarm.mark:
            since = before.since if before else at
            notice = Notice(Kind.ALARM, alarm.code, alarm.title, alarm.text, at, paths.name)
            found.append((notice, Told(alarm.code, alarm.title, alarm.mark, since)))
    for code in sorted(set(known) - {alarm.code for alarm in now}):
        found.append((Notice(Kind.ALL_CLEAR, code, known[code].title, OVER, at, paths.name), None))
    return found


def _send(paths: StackPaths, ports: Ports, notice: Notice) -> list[str]:
    """Why nobody was told; nothing when somebody was, or when nobody wants to be."""
    clean = redaction.redacted(notice.text, redaction.secrets(paths.secrets))
    said = f"{'ALARM' if notice.kind is Kind.ALARM else 'Entwarnung'} {paths.name}: {notice.title}"
    log.log(logging.ERROR if notice.kind is Kind.ALARM else logging.INFO, "%s. %s", said, clean)
    deliveries = ports.notify.send(Notice(**asdict(notice) | {"text": clean}))
    problems = [f"{item.way}: {item.problem}" for item in deliveries if item.problem]
    for problem in problems:
        log.error("%s: %s", said, problem)
    return problems if len(problems) == len(deliveries) else []


def _recall(paths: StackPaths) -> dict[str, Told]:
    """A damaged one counts as none: an alarm twice is better than none."""
    try:
        raw = json.loads((paths.data / "alarms.json").read_text(encoding="utf-8"))
        return {code: Told(**item) for code, item in raw["told"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _remember(paths: StackPaths, ports: Ports, told: dict[str, Told]) -> None:
    text = json.dumps({"schema": 1, "told": {code: asdict(item) for code, item in told.items()}}, indent=1)
    ports.files.write(paths.data / "alarms.json", text)
