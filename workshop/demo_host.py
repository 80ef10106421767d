"""The demo's host and the app on it: where it is, what the agent says about it, how to sign in."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
from contextlib import suppress
from typing import Any

import requests

from testbed import state
from testbed.engine import docker
from testbed.failure import TestbedError
from workshop.commands import ROOT, answer
from workshop.progress import fail

TESTBED = "demo"
HOST = "web1"
STACK = "lager"
SLOT = tuple(
    f"label=com.docker.compose.{name}" for name in (f"project={STACK}", "service=app-1", "oneoff=False")
)  # not the spare one of a rolling update
FIRST_LOGIN = "/srv/upkeep/lager/secrets/erste-anmeldung.txt"
FOLDER = ROOT / ".demo"
LOGIN = "demo"
# Without the characters that people mistake for one another.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
Json = dict[str, Any]


def chosen_port() -> int:
    """Where the app is to be seen on this machine: what the running demo has, else DEMO_PORT, else 8080."""
    with suppress(TestbedError):
        return int(state.load(TESTBED).host(HOST).published[0].split(":")[0])
    return int(os.environ.get("DEMO_PORT", "8080"))


PORT = chosen_port()
URL = f"http://127.0.0.1:{PORT}"


def on_host(*words: str, stdin: str | None = None) -> str | None:
    """Standard output of a command on the demo host, None when it failed."""
    return answer(sys.executable, "-m", "testbed", "ssh", TESTBED, HOST, *words, stdin=stdin)


def status() -> Json:
    """What the agent says about the stack; ends the target when there is no demo."""
    told = on_host("upkeep", "status", STACK, "--json")
    if told is None:
        fail("Die Demo läuft nicht. Aufbauen mit: make demo")
    found: Json = json.loads(told)
    return found


def is_running() -> bool:
    """Is the demo's host there? After a restart of this machine it comes back with Docker and takes a moment."""
    if TESTBED not in state.names():
        return False
    container = state.load(TESTBED).host(HOST).container
    deadline = time.monotonic() + 60
    while answer(*docker("container", "inspect", "-f", "{{.State.Running}}", container)) == "true":
        if on_host("true") is not None:
            return True
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    return False


def check_port() -> None:
    try:
        with socket.create_server(("127.0.0.1", PORT)):
            return
    except OSError:
        fail(f"Port {PORT} ist auf diesem Rechner belegt. Einen anderen nehmen, zum Beispiel: make demo DEMO_PORT=8090")


def password() -> str:
    """The demo admin's password: made once, kept out of the repository."""
    file = FOLDER / "passwort"
    if not file.exists():
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text("-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4)) + "\n")
    return file.read_text().strip()


def slot() -> str:
    """The container of the first slot, whatever Compose called it after an exchange."""
    found = on_host("docker", "ps", "--quiet", *(word for label in SLOT for word in ("--filter", label)))
    return (found or "").strip()


def load_examples() -> str:
    words = ("docker", "exec", "--interactive", slot(), "lager", "load-demo", "--user", LOGIN)
    told = on_host(*words, stdin=f"{password()}\n")
    return told or fail("Die Beispieldaten ließen sich nicht laden. Ursache: upkeep logs lager (auf dem Testhost)")


def sign_in() -> str | None:
    """The session cookie of the demo admin; None when the log-in does not work."""
    reply = ask("/api/session", {"login": LOGIN, "password": password()})
    return "; ".join(f"{name}={value}" for name, value in reply.cookies.items()) if reply.ok else None


def way_in() -> list[str]:
    """How to sign in, tried out first; the one-time link as long as nobody has used it."""
    link = on_host("cat", FIRST_LOGIN)
    own = (
        [f"Eigenes Konto  {link}", "               (Link für einmal, drei Tage lang)"] if link and is_open(link) else []
    )
    if sign_in():
        return [f"Anmeldename    {LOGIN}", f"Passwort       {password()}", *own]
    path = on_host("docker", "exec", slot(), "lager", "invite-admin")
    return [f"Anmeldung      {URL}{path}", "               (Link für einmal; das Passwort von „demo“ ist ein anderes)"]


def is_open(link: str) -> bool:
    token = link.rpartition("/")[2]
    return ask("/api/invitations/look", {"token": token}).ok


def ask(path: str, body: Json) -> requests.Response:
    """POST to the app as its pages do, whatever proxy this machine has."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(URL + path, json=body, headers={"X-Lager-Client": "demo"}, timeout=10)
