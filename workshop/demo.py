"""`make demo`, `demo-update`, `demo-break`, `demo-down`: the main job from nothing, on a real systemd host."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from bench.load import Tally, describe, generate
from workshop.app_image import STABLE, build, build_broken, in_registry, publish
from workshop.progress import fail, say, step

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TESTBED = "demo"
HOST = "web1"
FIRST_VERSION = "1.0.0"
LOCAL_PORT = 8080
LOCAL_URL = f"http://127.0.0.1:{LOCAL_PORT}"
LOAD_PER_SECOND = 20.0


def run(*argv: str | Path, check: bool = True) -> int:
    """Run a command with its output visible; a failing one ends the target with its own last words above."""
    code = subprocess.run([str(word) for word in argv], cwd=ROOT, check=False).returncode
    if check and code:
        fail(f"'{' '.join(str(word) for word in argv[:4])} …' endete mit {code}; die Ursache steht darüber.")
    return code


def module(*words: str) -> int:
    return run(sys.executable, "-m", *words)


def play(name: str, check: bool = True) -> int:
    return run(BIN / "ansible-playbook", "-i", "inventories/demo", f"playbooks/{name}.yml", check=check)


def on_host(*words: str) -> str:
    """Standard output of a command on the demo host."""
    argv = [sys.executable, "-m", "testbed", "ssh", TESTBED, HOST, *words]
    return subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def stack_status() -> dict[str, dict[str, str]]:
    status: dict[str, dict[str, str]] = json.loads(on_host("upkeep", "status", "lager", "--json"))
    return status


def up() -> None:
    with step("Docker auf diesem Rechner"):
        module("testbed", "docker")
    with step("Abbilder des Testhosts"):
        module("testbed", "images")
    with step("Lager-App als Abbild"):
        build(FIRST_VERSION)
        publish(FIRST_VERSION, stable=not in_registry(STABLE))
    with step("Testhost starten"):
        module("testbed", "up", TESTBED, "--hosts", f"{HOST}=debian13-docker", "--publish", f"{HOST}:80:{LOCAL_PORT}")
    module("workshop.wheels")
    module("workshop.secrets", "inventories/demo")
    with step("Ausrollen mit Ansible"):
        play("site")
    with step("Beispieldaten"):
        print(on_host("docker", "exec", "lager-app-1-1", "lager", "load-demo"))
    tell_where_to_look()


def tell_where_to_look() -> None:
    release = stack_status()["release"]
    link = on_host("cat", "/srv/upkeep/lager/secrets/erste-anmeldung.txt")
    print(
        f"""
────────────────────────────────────────────────────────────────────
 Die Lager-App {release["version"]} läuft.

   Adresse      {LOCAL_URL}
   Anmeldung    {LOCAL_URL}{link}

 Als Nächstes:
   make demo-update   nächste Version bauen und unter Last aktualisieren
   make demo-break    ein Update auf eine kaputte Version versuchen
   make demo-down     alles wieder wegräumen
 Auf dem Host: .venv/bin/python -m testbed ssh {TESTBED} {HOST} upkeep status
────────────────────────────────────────────────────────────────────"""
    )


def next_version(version: str) -> str:
    major, minor = version.split(".")[:2]
    return f"{major}.{int(minor) + 1}.0"


class Watched:
    """Requests against the gate while something else happens; prints what callers see once a second."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.shown = 0

    def show(self, tally: Tally) -> None:
        fresh = Tally(tally.samples[self.shown :])
        self.shown = len(tally.samples)
        if fresh.samples:
            seen = ", ".join(f"{kind} {n}" for kind, n in sorted(fresh.outcomes.items()))
            say(f"  Aufrufer: {seen}   Version {'/'.join(fresh.releases) or '–'}")

    async def during(self, *argv: str | Path) -> int:
        stop = asyncio.Event()
        url = f"{LOCAL_URL}/api/health"
        load = asyncio.create_task(generate(url, LOAD_PER_SECOND, stop, self.tally, self.show))
        await asyncio.sleep(2)
        process = await asyncio.create_subprocess_exec(*[str(word) for word in argv], cwd=ROOT)
        code = await process.wait()
        await asyncio.sleep(2)
        stop.set()
        await load
        return code


def update_under_load() -> tuple[int, Tally]:
    watched = Watched()
    code = asyncio.run(watched.during(BIN / "ansible-playbook", "-i", "inventories/demo", "playbooks/update.yml"))
    return code, watched.tally


def summarize(tally: Tally) -> None:
    print(f"\n  {describe(tally)}")
    print(f"  Wartungsseite: {tally.closed_seconds():.1f} s; Fehler bei Aufrufern: {sum(tally.failures.values())}")


def update() -> None:
    before = stack_status()["release"]["version"]
    version = next_version(before)
    with step(f"Version {version} bauen und in die Registry legen"):
        build(version)
        publish(version, stable=True)
    print(f"\nJetzt {LOCAL_URL} im Browser offen halten: Die Wartungsseite erscheint und geht von selbst wieder.\n")
    code, tally = update_under_load()
    summarize(tally)
    after = stack_status()["release"]["version"]
    if code or after != version:
        fail(f"Es läuft {after}, erwartet war {version} (ansible-playbook endete mit {code}).")
    print(f"  Es läuft {after} (vorher {before}). Zurück geht es mit: ansible-playbook playbooks/rollback.yml")


def break_it() -> None:
    before = stack_status()["release"]["version"]
    broken = f"{next_version(before)}-kaputt"
    with step(f"Version {broken} bauen: sie wird nie bereit"):
        build_broken(broken, f"lager:{before}")
        publish(broken, stable=True)
    code, tally = update_under_load()
    publish(before, stable=True)
    summarize(tally)
    after = stack_status()["release"]["version"]
    if after != before or code == 0:
        fail(f"Es läuft {after}, erwartet war weiter {before} und ein gescheitertes Update (Ende mit {code}).")
    print(f"  Wie beabsichtigt: das Update ist gescheitert, {after} läuft weiter. Der Grund steht oben im Bericht.")


def down() -> None:
    module("testbed", "down", TESTBED)
    say("Demo weggeräumt. Abbilder bleiben im Zwischenspeicher; der nächste Start ist schneller.")


VERBS = {"up": up, "update": update, "break": break_it, "down": down}


def main() -> None:
    began = time.monotonic()
    VERBS[sys.argv[1]]()
    say(f"Fertig nach {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
