"""Whether a stack is sound after all that happened: what Docker, the files and the gate say themselves.

Nothing of the product is asked here but the agent's own status, which must not claim otherwise.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import docker

from onhost import talk

HOME, DATA = Path(f"/srv/upkeep/{talk.STACK}"), Path(f"/var/lib/upkeep/{talk.STACK}")
UNIT = "upkeep-agent"
Json = dict[str, Any]


def _connected(within: float = 60) -> docker.APIClient:
    """Docker may be on its way up: after a reboot, or because somebody restarted it."""
    deadline = time.time() + within
    while True:
        try:
            return docker.APIClient(version="auto", timeout=60)
        except docker.errors.DockerException:
            if time.time() > deadline:
                raise
            time.sleep(0.5)


client = _connected()


def state() -> Json:
    return dict(json.loads((DATA / "state.json").read_text(encoding="utf-8")))


def containers(**labels: str) -> list[Json]:
    """Everything that bears these labels, running or not, as Docker describes it."""
    wanted = [f"{name.replace('_', '.')}={value}" for name, value in labels.items()]
    listed = client.containers(all=True, filters={"label": wanted})
    return [client.inspect_container(item["Id"]) for item in listed]


def own() -> list[Json]:
    return containers(com_docker_compose_project=talk.STACK)


def gate_age() -> float:
    """Seconds since it was started; none runs: none at all."""
    started = [item["State"]["StartedAt"] for item in own() if item["Config"]["Labels"].get("upkeep.role") == "gate"]
    return min((time.time() - datetime.fromisoformat(one).timestamp() for one in started), default=math.inf)


def slots() -> dict[str, Json]:
    return {item["Name"][1:]: item for item in own() if item["Config"]["Labels"].get("upkeep.role") == "app"}


def digest(container: Json) -> str:
    return str(container["Config"]["Image"]).partition("@")[2]


def address(container: Json) -> str:
    networks = container["NetworkSettings"]["Networks"]
    return str(networks.get(f"{talk.STACK}_front", {}).get("IPAddress", ""))


def forget_images() -> None:
    """What no container uses has to be pulled again."""
    for image in client.images():
        for name in image.get("RepoDigests") or ():
            if "tinyapp" in name:
                with contextlib.suppress(docker.errors.APIError):
                    client.remove_image(name)


def stop_slots() -> None:
    for item in slots().values():
        client.stop(item["Id"], timeout=5)


def slots_serve(version: str) -> bool:
    """Every slot answers on its own address, whatever the gate says."""
    found = [talk.get(address(item), 8000) if address(item) else (0, "", {}) for item in slots().values()]
    return bool(found) and all(status == 200 and said.get("version") == version for status, _, said in found)


def problems(version: str, wanted_digest: str, services: list[str], operator: bool) -> list[str]:
    """Empty when `version` is the one release, nothing is left over and the gate is as its owner wants it."""
    return [
        *_release(version, wanted_digest),
        *_containers(services),
        *at_rest(),
        *_gate(version, operator),
        *_status(version, operator),
    ]


def stays_closed() -> str | None:
    """The run whose failure keeps the gate shut."""
    notice = json.loads(_text(DATA / "maintenance.json") or "{}").get("run")
    return str(notice["owner"]) if notice else None


def closed_problems(operator: bool) -> list[str]:
    """The data has moved on and nobody may write: what is asked of a stack that waits for a person."""
    owner = "operator" if operator else stays_closed()
    lines = [line for line in _shown_map().splitlines() if "maintenance " in line]
    found = [] if [line.rpartition(" ")[2] for line in lines] == [owner] else [f"state.map (Gate): {lines}"]
    status, _, _ = talk.get("127.0.0.1", 80)
    found += [] if status == 503 else [f"Das Gate antwortet {status}"]
    twice = [name for name in slots() if not name.endswith("-1-1")]
    found += [f"Überzählig: {twice}"] if twice else []
    return [*found, *_one_offs(), *at_rest()]


def at_rest() -> list[str]:
    """Nobody is at work any more, and nothing half-done lies about."""
    return [*_processes(), *_lock_and_journals(), *_leftovers()]


def _release(version: str, wanted: str) -> list[str]:
    known = state()
    found = []
    if known["release"]["digest"] != wanted:
        found.append(f"Der Agent glaubt an {known['release']['version']} statt {version}")
    running = {digest(item) for item in slots().values()}
    if running != {wanted}:
        found.append(f"Es läuft {sorted(running)} statt {wanted}")
    if f"@{wanted}\n" not in (HOME / "release.env").read_text(encoding="utf-8"):
        found.append(f"release.env nennt nicht {wanted}")
    if not slots_serve(version):
        found.append(f"Nicht alle Slots antworten als {version}")
    return found


def _containers(services: list[str]) -> list[str]:
    names = sorted(item["Name"][1:] for item in own())
    wanted = sorted(f"{talk.STACK}-{service}-1" for service in services)
    found = [] if names == wanted else [f"Container {names} statt {wanted}"]
    found += [f"{item['Name'][1:]} ist {item['State']['Status']}" for item in own() if not item["State"]["Running"]]
    return found + _one_offs()


def _one_offs() -> list[str]:
    left = [item for item in containers(upkeep_stack=talk.STACK) if item["Config"]["Labels"].get("upkeep.run")]
    return [f"Einmal-Container {item['Name'][1:]} ist noch da" for item in left]


def _processes() -> list[str]:
    trees = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/systemd"))
    lists = [tree / f"system.slice/{UNIT}.service/cgroup.procs" for tree in trees]
    group = {line for found in lists if found.exists() for line in found.read_text().split()}
    found = [f"Im Dienst laufen {len(group)} Prozesse"] if len(group) != 1 else []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"compose" in words and talk.STACK.encode() in words:
            found.append(f"Prozess {b' '.join(words[:6]).decode()} läuft noch")
    return found


def _lock_and_journals() -> list[str]:
    found = []
    with (DATA / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found.append("Die Sperre ist belegt")
    for file in (DATA / "runs").glob("*.json"):
        body = json.loads(json.loads(file.read_text(encoding="utf-8"))["body"])
        if not body["finished_at"]:
            found.append(f"Das Journal {body['id']} ist offen")
    return found


def _leftovers() -> list[str]:
    """Files half written (the agent may be writing one just now, so twice is looked), and journals set aside."""
    hidden = _half_written()
    if hidden:
        time.sleep(1)
        hidden &= _half_written()
    return [f"Liegen geblieben: {file}" for file in [*hidden, *(DATA / "runs").glob("*.corrupt")]]


def _half_written() -> set[Path]:
    places = (HOME, HOME / "gate" / "maps", DATA, DATA / "runs", DATA / "releases")
    return {file for place in places for file in place.glob(".*.*") if file.is_file()}


def _gate(version: str, operator: bool) -> list[str]:
    owner = "operator" if operator else None
    notices = json.loads(_text(DATA / "maintenance.json") or "{}")
    found = [] if not notices.get("run") else ["Der Hinweis eines Laufs steht noch in maintenance.json"]
    if bool(notices.get("operator")) != operator:
        found.append("Die Wartung des Betreibers ist nicht, wie er sie wollte")
    for place, text in (("Datei", _text(HOME / "gate/maps/state.map")), ("Gate", _shown_map())):
        line = next((line for line in text.splitlines() if "maintenance " in line), None)
        if (line.rpartition(" ")[2] if line else None) != owner:
            found.append(f"state.map ({place}): {line}")
    status, release, _ = talk.get("127.0.0.1", 80)
    if status != (503 if operator else 200) or (not operator and release != version):
        found.append(f"Das Gate antwortet {status}, Version {release or '–'}")
    return found


def _shown_map() -> str:
    return talk.control("show map /maps/state.map")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _status(version: str, operator: bool) -> list[str]:
    _, said = talk.ask("GET", f"/v1/stacks/{talk.STACK}")
    full = (DATA / "ballast").exists()  # or was: then the operator is rightly told so
    drift = [text for text in said["drift"] if not (full and text.startswith("Die Platte war voll"))]
    found = [f"Abweichung: {text}" for text in drift]
    if said["running"]:
        found.append(f"Der Agent meldet einen Lauf: {said['running']['id']}")
    if (said["maintenance"]["on"], said["release"]["version"]) != (operator, version):
        found.append(f"Der Agent meldet {said['release']['version']}, Wartung {said['maintenance']['on']}")
    return found
