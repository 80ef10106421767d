"""`make demo`, `demo-update`, `demo-break`, `demo-down`: the main job from nothing, on a real systemd host."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn

import requests

from bench.load import Call
from workshop.app_image import build, build_broken, in_registry, publish
from workshop.callers import Callers, summary
from workshop.commands import ROOT, answer, ours, pass_through
from workshop.progress import fail, say, step

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
INVENTORY = "inventories/demo"
TESTBED = "demo"
HOST = "web1"
STACK = "lager"
SLOT = "lager-app-1-1"
FIRST_LOGIN = "/srv/upkeep/lager/secrets/erste-anmeldung.txt"
FIRST_VERSION = "1.0.0"
PORT = int(os.environ.get("DEMO_PORT", "8080"))
URL = f"http://127.0.0.1:{PORT}"
FOLDER = ROOT / ".demo"
LOGIN = "demo"
# Without the characters that people mistake for one another.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
Json = dict[str, Any]


def play(name: str) -> tuple[str | Path, ...]:
    return PLAYBOOK, "-i", INVENTORY, f"playbooks/{name}.yml"


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


def up() -> None:
    with step("Docker und Abbilder"):
        ours("testbed", "docker")
        ours("testbed", "images")
    is_running = on_host("true") is not None
    if not is_running or not in_registry():
        with step("Lager-App bauen"):
            build(FIRST_VERSION)
            publish(FIRST_VERSION, stable=True)
    if not is_running:
        with step("Testhost starten"):
            ours("testbed", "up", TESTBED, "--hosts", f"{HOST}=debian13-docker", "--publish", f"{HOST}:80:{PORT}")
    ours("workshop.wheels")
    ours("workshop.secrets", INVENTORY)
    with step("Ausrollen mit Ansible"):
        pass_through(*play("site"))
    with step("Beispieldaten"):
        say(f"  {load_examples()}")
    tell_where_to_look()


def password() -> str:
    """The demo admin's password: made once, kept out of the repository."""
    file = FOLDER / "passwort"
    if not file.exists():
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text("-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4)) + "\n")
    return file.read_text().strip()


def load_examples() -> str:
    words = ("docker", "exec", "--interactive", SLOT, "lager", "load-demo", "--user", LOGIN)
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
    path = on_host("docker", "exec", SLOT, "lager", "invite-admin")
    return [f"Anmeldung      {URL}{path}", "               (Link für einmal; das Passwort von „demo“ ist ein anderes)"]


def is_open(link: str) -> bool:
    token = link.rpartition("/")[2]
    return ask("/api/invitations/look", {"token": token}).ok


def ask(path: str, body: Json) -> requests.Response:
    """POST to the app as its pages do, whatever proxy this machine has."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(URL + path, json=body, headers={"X-Lager-Client": "demo"}, timeout=10)


def tell_where_to_look() -> None:
    version = status()["release"]["version"]
    lines = [
        f"Die Lager-App {version} läuft.",
        "",
        f"  Adresse        {URL}",
        *(f"  {line}" for line in way_in()),
        "",
        "Als Nächstes",
        "  make demo-update   die nächste Version bauen und unter Last aktualisieren",
        "  make demo-break    ein Update auf eine kaputte Version versuchen",
        "  make demo-down     alles wieder abbauen",
        "",
        "Auf dem Testhost",
        f"  .venv/bin/python -m testbed ssh {TESTBED} {HOST} upkeep status",
        "Im Browser eines anderen Rechners",
        f"  ssh -L {PORT}:127.0.0.1:{PORT} …, dann {URL}",
    ]
    print("", "─" * 72, *(f" {line}".rstrip() for line in lines), "─" * 72, sep="\n", flush=True)


def next_version(known: Json) -> str:
    """One minor version above everything the stack has run."""
    releases = [known["release"], known.get("previous"), known.get("available")]
    numbers = [found["version"].split("-")[0].split(".") for found in releases if found and found.get("version")]
    major, minor = max((int(parts[0]), int(parts[1])) for parts in numbers)
    return f"{major}.{minor + 1}.0"


def update_under_load() -> tuple[int, Callers]:
    """The update play while callers read articles and health; its exit code and what they saw."""
    headers = {"Cookie": sign_in() or ""}
    articles = [Call("/api/articles?q=rohr", headers=headers)] if headers["Cookie"] else []
    callers = Callers(URL, [Call("/api/health"), *articles])
    return asyncio.run(callers.during(*play("update"))), callers


def report(title: str, lines: list[str]) -> None:
    print("", "─" * 72, f" {title}", "", *(f"   {line}" for line in lines), "─" * 72, sep="\n", flush=True)


def update() -> None:
    known = status()
    before, version = known["release"]["version"], next_version(known)
    with step(f"Version {version} bauen und veröffentlichen"):
        build(version)
        publish(version, stable=True)
    say(f"Wer {URL} jetzt im Browser offen hat, sieht die Wartungsseite kommen und wieder gehen.")
    code, callers = update_under_load()
    after = status()["release"]["version"]
    verdict = f"Aktualisiert: {before} → {after}" if after == version and not code else "Das Update ist gescheitert"
    report(
        verdict,
        [*summary(callers.tally), "", f"Zurück geht es mit: ansible-playbook -i {INVENTORY} playbooks/rollback.yml"],
    )
    if code or after != version:
        fail(f"Es läuft {after}, erwartet war {version} (ansible-playbook endete mit {code}).")
    if callers.tally.failures:
        fail("Aufrufer haben Fehler gesehen; das darf bei einem Update nicht vorkommen.")


def break_it() -> None:
    known = status()
    before, broken = known["release"]["version"], f"{next_version(known)}-kaputt"
    with step(f"Version {broken} bauen und veröffentlichen: sie startet nicht"):
        build_broken(broken, before)
        publish(broken, stable=True)
    try:
        code, callers = update_under_load()
    finally:
        publish(before, stable=True)
    after = status()
    version = after["release"]["version"]
    report(f"Es läuft weiter {version}", [*summary(callers.tally), "", *explained(after["last_run"])])
    if version != before or code == 0 or callers.tally.failures:
        expected = f"{before} läuft weiter, das Update scheitert, kein Aufrufer sieht einen Fehler"
        fail(f"Erwartet war: {expected}. ansible-playbook endete mit {code}.")
    say("Wie beabsichtigt: Das Update ist gescheitert, niemand musste eingreifen.")


def explained(run: Json) -> list[str]:
    """Why a run ended badly, from its report on the host."""
    told = on_host("curl", "-s", "--unix-socket", "/run/upkeep/agent.sock", f"http://upkeep/v1/runs/{run['id']}")
    last_words = list(dict.fromkeys(json.loads(told or "{}").get("last_logs", [])))[-3:]
    spoken = ["Zuletzt schrieb die Anwendung", *last_words] if last_words else []
    return [line for text in ("Bericht", run["message"], *spoken) for line in textwrap.wrap(text, 68)]


def down() -> None:
    ours("testbed", "down", TESTBED)
    shutil.rmtree(FOLDER, ignore_errors=True)
    say("Demo abgebaut. Abbilder und Registry bleiben auf diesem Rechner, damit der nächste Start schneller geht.")


def interrupted(verb: str) -> NoReturn:
    fail(f"Abgebrochen. Ein begonnenes Update führt der Testhost zu Ende. Noch einmal: make demo{verb}")


VERBS = {"up": up, "update": update, "break": break_it, "down": down}


def main() -> None:
    verb = sys.argv[1]
    try:
        VERBS[verb]()
    except KeyboardInterrupt:
        interrupted("" if verb == "up" else f"-{verb}")
    say("Fertig.")


if __name__ == "__main__":
    main()
