"""Whether everything is as it should be after a disturbed backup, restore or trial: what Docker, the databases, the
files and the backup server say themselves."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from onhost import judge, talk
from onhost.data import stock, writers
from onhost.data.agent import STORE

TRIAL = "lager_drill"
Json = dict[str, Any]


def states() -> dict[str, str]:
    """Of the strangers: containers that use volumes of the stack, or volumes that are saved with it."""
    found = judge.client.containers(all=True, filters={"label": "faults.stranger"})
    return {item["Names"][0][1:]: item["State"] for item in found}


def differing(before: dict[str, str], deed: str) -> list[str]:
    """Docker itself forgets on its way down who was frozen: then that is nobody's fault."""
    now, forgotten = states(), deed in ("docker", "power")
    return [
        f"{name} ist {now.get(name, 'weg')} statt {state}"
        for name, state in before.items()
        if now.get(name) != state and not (forgotten and state == "paused")
    ]


def data(expected: Json, exactly: bool) -> list[str]:
    """`exactly`: nobody has written since."""
    try:
        found = stock.look()
        told = stock.wrong(found) + ([] if exactly else writers.lost())
    except Exception as exc:  # a database is still on its way up, or will never be
        return [f"Die Daten sind nicht lesbar: {type(exc).__name__}: {str(exc)[:200]}"]
    return told + [
        f"{name}: {_plain(found.get(name), exactly)} statt {_plain(wanted, exactly)}"
        for name, wanted in expected.items()
        if _plain(found.get(name), exactly) != _plain(wanted, exactly)
    ]


def _plain(item: Any, exactly: bool) -> Any:
    """Without what moves while somebody writes."""
    if exactly or not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if key not in ("bookings", "counted")}


def orphans() -> list[str]:
    """Of restores and trials that are over: nothing lies about but what can still be brought back."""
    wanted = {"label": f"com.docker.compose.project={TRIAL}"}
    found = [item["Names"][0][1:] for item in judge.client.containers(all=True, filters=wanted)]
    found += [item["Name"] for item in judge.client.volumes(filters=wanted)["Volumes"] or ()]
    found += [item["Name"] for item in judge.client.networks(filters=wanted)]
    found += ["drill/"] if (judge.DATA / "drill").exists() else []
    places = list((judge.DATA / "restores").glob("*"))
    kept = [place.name for place in places if (place / "kept.json").exists()]
    found += [f"restores/{place.name}" for place in places if place.name not in kept]
    try:
        found += _strangers_aside(kept)
    except Exception as exc:
        return [f"Die Daten sind nicht lesbar: {type(exc).__name__}"]
    return [f"Liegen geblieben: {name}" for name in found]


def _strangers_aside(kept: list[str]) -> list[str]:
    kinds, found = stock.known()["kinds"], []
    if "mongo" in kinds:
        found += [name for name in stock.aside_in_mongo() if not any(run in name for run in kept)]
    if "postgres" in kinds:
        marks = [run.replace("-", "_") for run in kept]
        found += [name for name in stock.aside_in_postgres() if not any(run in name for run in marks)]
    return found


def locks() -> list[str]:
    """In the repository, after a run that came to its end by itself."""
    store = json.loads(STORE.read_text(encoding="utf-8"))
    token = base64.b64encode(f"{store['user']}:{store['password']}".encode()).decode()
    url = f"http://{store['address']}:{store['port']}/{store['user']}/locks/"
    asked = urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        left = json.loads(answer.read())
    return [f"{len(left)} Sperren liegen im Sicherungsziel"] if left else []


def listed(run: str, good: bool, unheard: bool) -> list[str]:
    """A backup counts as one exactly when its run says so. `unheard`: the repository's last answer may be lost with the
    network, then a run that says it failed may have left a whole one."""
    status, answer = talk.ask("GET", f"/v1/stacks/{talk.STACK}/backups")
    if status != 200:
        return [f"Die Sicherungen lassen sich nicht auflisten: {answer.get('error')}"]
    complete = any(item["run"] == run and item["complete"] for item in answer["backups"])
    true = complete == good or (complete and unheard)
    return [] if true else [f"Die Sicherung gilt als {'vollständig' if complete else 'unvollständig'}"]


def lasting(look: Callable[[], list[str]], deadline: float) -> tuple[list[str], float]:
    """What is still wrong when the time to come back is over; and when it was all well, or that time."""
    found = look()
    while found and time.time() < deadline:
        time.sleep(0.5)
        found = look()
    return found, time.time()
