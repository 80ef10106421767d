"""Whether a stack that came from a project run by hand, or that was taken away, left everything as it should be."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from onhost import judge, talk

PROJECT = "alt"
VOLUMES = Path("/var/lib/docker/volumes")
Json = dict[str, Any]


def by_hand() -> list[Json]:
    return judge.containers(com_docker_compose_project=PROJECT)


def running_by_hand(version: str) -> Json:
    """What the takeover begins with, as a state would name it."""
    (container,) = by_hand()
    (name,) = judge.client.inspect_image(container["Image"])["RepoDigests"]
    return {"version": version, "digest": name.partition("@")[2], "entries": entries()}


def entries() -> str:
    """Checksum of what the app's users wrote, by hand or in the stack."""
    return hashlib.sha256((VOLUMES / f"{PROJECT}_daten/_data/entries").read_bytes()).hexdigest()


def answers(version: str) -> bool:
    status, _, said = talk.get("127.0.0.1", 80)
    return (status, said.get("version")) == (200, version)


def given_back(old: Json) -> list[str]:
    """The old project serves as before, and of the stack nothing runs."""
    found = [] if answers(old["version"]) else ["Das alte Projekt antwortet nicht"]
    for item in by_hand():
        policy = item["HostConfig"]["RestartPolicy"]["Name"]
        found += [] if (item["State"]["Status"], policy) == ("running", "always") else [f"{item['Name']}: {policy}"]
    found += [f"Vom Stack ist {item['Name'][1:]} noch da" for item in judge.own()]
    known = judge.state() if (judge.DATA / "state.json").exists() else {}
    found += ["Der Agent glaubt, der Stack sei ausgerollt"] if known.get("release") else []
    return [*found, *_same(old), *judge.at_rest()]


def taken_over(old: Json) -> list[str]:
    """The data are the same, and the old project can never come back beside the stack by itself."""
    found = [
        f"{item['Name'][1:]} ist {item['State']['Status']}, {item['HostConfig']['RestartPolicy']['Name']}"
        for item in by_hand()
        if (item["State"]["Running"], item["HostConfig"]["RestartPolicy"]["Name"]) != (False, "no")
    ]
    return [*found, *_same(old)]


def _same(old: Json) -> list[str]:
    return [] if entries() == old["entries"] else ["Die Daten sind nicht mehr dieselben"]


def gone() -> list[str]:
    """Of the stack nothing is left but what was to stay."""
    found = [f"{item['Name'][1:]} ist noch da" for item in judge.own()]
    volumes = [item["Name"] for item in judge.client.volumes()["Volumes"] or ()]
    found += [f"Das Volume {name} ist noch da" for name in volumes if name.startswith(f"{talk.STACK}_")]
    notices = judge.DATA / "maintenance.json"
    shown = json.loads(notices.read_text(encoding="utf-8")) if notices.exists() else {}
    found += ["Ein Hinweis steht noch in maintenance.json"] if any(shown.values()) else []
    return [*found, *judge.at_rest()]
