"""What a simulated host answers over HTTP: IIS with its sites, and a Node application behind it, in each of the modes.

The application answers only where everything it needs is in place: Node, the release's manifest, its `.env.production`,
its pool, the database. A release can be broken on purpose by a file `build/fault.json`, such as
{"status": 503, "version": "0.0.1", "good_answers": 0}.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import requests

from testbed.windows import services
from testbed.windows.modules.registry import Answer, ModuleFailed, models

if TYPE_CHECKING:
    from testbed.windows.host import Host

NODE = r"C:\Program Files\nodejs\node.exe"
ENVIRONMENT = "--env-file="
IISNODE = r"C:\Program Files\iisnode\iisnode.dll"
MAINTAINS = 'statusReason="Maintenance"'
PROXIED = re.compile(r"http://127\.0\.0\.1:(\d+)\{UNENCODED_URL\}$")
Response = tuple[int, dict[str, Any] | str]


@dataclass(frozen=True)
class Process:
    """A Node process: the release's folder, the program below it, its environment file."""

    folder: str
    program: str
    environment: str


@models("ansible.windows.win_uri")
def win_uri(host: Host, p: dict[str, Any], check: bool) -> Answer:
    status, body = respond(host, p["url"])
    answer: Answer = {"changed": False, "status_code": status, "url": p["url"]}
    if p["return_content"]:
        answer |= {"json": body, "content": json.dumps(body)} if isinstance(body, dict) else {"content": body}
    if status not in [int(code) for code in p["status_code"]]:
        wanted = ", ".join(map(str, p["status_code"]))
        raise ModuleFailed(f"Status code of request '{status}' is not in list of valid status codes {wanted}", **answer)
    return answer


def respond(host: Host, url: str) -> Response:
    """Status and body; raises ModuleFailed where nobody listens. With a stand-in for IIS, it answers (`iis.py`)."""
    asked = urlsplit(url)
    port = asked.port or (443 if asked.scheme == "https" else 80)
    served = host.folder / "ports.json"
    if served.exists():
        return _really(json.loads(served.read_text()), f"{asked.scheme}:{port}", asked.path)
    site = next((site for site in host.state["sites"].values() if _listens(site, asked.scheme, port)), None)
    if site is None:
        raise ModuleFailed(f"Unable to connect to the remote server ({asked.hostname}:{port})", status_code=-1)
    pool = host.state["pools"].get(site["application_pool"])
    if pool is None or pool["state"] != "started":
        return 503, "Service Unavailable"
    return _by_configuration(host, site["physical_path"], asked.path)


def _really(served: dict[str, Any], binding: str, path: str) -> Response:
    try:
        answer = requests.get(f"http://{served['address']}:{served['ports'][binding]}{path}", timeout=20)
    except (KeyError, requests.RequestException) as error:
        raise ModuleFailed(f"Unable to connect to the remote server ({binding})", status_code=-1) from error
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status_code, answer.json() if is_json else answer.text


def _listens(site: dict[str, Any], scheme: str, port: int) -> bool:
    bindings = [(binding["protocol"], binding["port"]) for binding in site["bindings"]]
    return site["state"] == "started" and (scheme, port) in bindings


def _by_configuration(host: Host, folder: str, path: str) -> Response:
    configuration = host.disk.place(f"{folder}\\web.config")
    if not configuration.is_file():
        return 404, "Not Found"
    try:
        root = ElementTree.parse(configuration).getroot()  # noqa: S314 - rendered by the test
    except ElementTree.ParseError as error:
        return 500, f"HTTP Error 500.19: {error}"
    if MAINTAINS in configuration.read_text():
        page = host.disk.place(f"{folder}\\maintenance.html")
        return 503, page.read_text() if page.is_file() else "Service Unavailable"
    process = _process(host, folder, root)
    return _application(host, process, path) if process else (502, "Bad Gateway")


def _process(host: Host, folder: str, root: Element) -> Process | None:
    """By HttpPlatformHandler, by iisnode, or by ARR's rule to a Windows service."""
    handler, legacy = root.find(".//httpPlatform"), root.find(".//iisnode")
    if handler is not None:
        return _launched(folder, handler.get("arguments") or "")
    if legacy is not None:
        line = (legacy.get("nodeProcessCommandLine") or "").removeprefix(f'"{NODE}"')
        entry = next((one.get("path", "") for one in root.iterfind(".//handlers/add[@modules='iisnode']")), "")
        return _launched(folder, f"{line} {entry}") if host.disk.exists(IISNODE) else None
    target = next((found[1] for one in root.iterfind(".//action") if (found := PROXIED.match(one.get("url", "")))), "")
    name = services.on_port(host.disk, host.state["services"], target)
    held = services.wrapped(host.disk, host.state["services"][name]) if name else None
    release = services.release_of(host.disk, held) if held else ""
    if held is None or not release or host.state["proxy"].get("enabled") != "true":
        return None
    return _launched(release, f"{held.words[0]} build\\index.js")


def _launched(folder: str, arguments: str) -> Process:
    words = [word.strip('"') for word in arguments.split()]
    environment = next(
        (word.removeprefix(ENVIRONMENT) for word in words if word.startswith(ENVIRONMENT)), r"C:\missing"
    )
    return Process(folder, words[-1] if words else "", environment)


def _application(host: Host, process: Process, path: str) -> Response:
    manifest = host.disk.place(f"{process.folder}\\manifest.json")
    there = host.disk.exists(NODE) and host.disk.exists(f"{process.folder}\\{process.program}")
    if not (there and manifest.is_file()):
        return 502, "Bad Gateway"
    if not host.disk.exists(process.environment):
        return 502, f"node: {process.environment}: not found"
    if path != "/api/health":
        return 200, "<!doctype html>"
    return _health(host, process.folder, json.loads(manifest.read_text())["version"])


def _health(host: Host, folder: str, version: str) -> Response:
    place = host.disk.place(f"{folder}\\build\\fault.json")
    fault = json.loads(place.read_text()) if place.is_file() else {}
    if fault.get("good_answers", 0) > 0:
        place.write_text(json.dumps(fault | {"good_answers": fault["good_answers"] - 1}))
        fault = {}
    database = "healthy" if host.state["database"]["up"] else "error"
    status = fault.get("status", 200 if database == "healthy" else 503)
    return status, {
        "status": "healthy" if status == 200 else "unhealthy",
        "version": fault.get("version", version),
        "checks": {
            "database": {"status": database, "latency": 3},
            "filesystem": {"status": "healthy", "freeSpace": host.state["machine"]["free_gb"] * 1024**3},
            "memory": {"status": "healthy", "usage": 120},
        },
    }
