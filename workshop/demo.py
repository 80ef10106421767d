"""`make demo`, `demo-update`, `demo-break`, `demo-down`: the main job from nothing, on a real systemd host."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import NoReturn

from bench.load import Call
from workshop.app_image import build, build_broken, in_registry, publish
from workshop.callers import Callers, summary
from workshop.commands import ENVIRONMENT, ours, pass_through
from workshop.demo_host import (
    FOLDER,
    HOST,
    PORT,
    TESTBED,
    URL,
    Json,
    check_port,
    is_running,
    load_examples,
    on_host,
    sign_in,
    status,
    way_in,
)
from workshop.progress import fail, say, step

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
INVENTORY = "inventories/demo"
FIRST_VERSION = "1.0.0"


def play(name: str) -> tuple[str | Path, ...]:
    return PLAYBOOK, "-i", INVENTORY, f"playbooks/{name}.yml"


def up() -> None:
    with step("Docker und Abbilder"):
        ours("testbed", "docker")
        ours("testbed", "images")
    exists = is_running()
    if not exists or not in_registry():
        with step("Lager-App bauen"):
            build(FIRST_VERSION)
            publish(FIRST_VERSION, stable=True)
    if not exists:
        check_port()
        with step("Testhost starten"):
            ours("testbed", "up", TESTBED, "--hosts", f"{HOST}=debian13-docker", "--publish", f"{HOST}:80:{PORT}")
    ours("workshop.wheels")
    ours("workshop.secrets", INVENTORY)
    with step("Ausrollen mit Ansible"):
        pass_through(*play("site"))
    with step("Beispieldaten"):
        say(f"  {load_examples()}")
    tell_where_to_look()


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
    print("", "─" * 72, f" {title}", "", *(f"   {line}".rstrip() for line in lines), "─" * 72, sep="\n", flush=True)


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
        [
            *summary(callers.tally),
            "",
            f"Zurück geht es mit: .venv/bin/ansible-playbook -i {INVENTORY} playbooks/rollback.yml",
        ],
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
    ENVIRONMENT["DEMO_PORT"] = str(PORT)
    try:
        VERBS[verb]()
    except KeyboardInterrupt:
        interrupted("" if verb == "up" else f"-{verb}")
    say("Fertig.")


if __name__ == "__main__":
    main()
