"""`python -m tests.faults.lost_server`: a gigabyte of data from the backup server onto a bare host, with one command;
writes docs/messungen. UPKEEP_LOST_DOCUMENTS: another number of documents."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import pages
from bench.backing import ADDRESSES, AGENTS_PYTHON, KEYFILE
from bench.figures import Figure, Report
from bench.filling import DATABASE
from bench.machine import ROOT, Circumstances
from bench.update import phases_table
from testbed import restic
from testbed.bed import renew
from tests.e2e import site as sites
from tests.e2e.lost_server import authority, read_from_paper, with_new_secrets
from tests.e2e.site import BED, HOST, STACK, Site
from workshop.progress import fail, say, step

DOCUMENTS = int(os.environ.get("UPKEEP_LOST_DOCUMENTS", "3600000"))
DIGEST = f"""
import json, sys
from pathlib import Path
from upkeep.ports.mongo import connected
with connected(sys.argv[1], Path(sys.argv[2]).read_text(), 120) as client:
    found = [client[name].command("dbHash")["collections"] for name in ("{STACK}", "{DATABASE}")]
    found[0] = {{name: found[0][name] for name in ("articles", "locations", "bookings", "stock")}}
    print(json.dumps(found))
"""
GIGABYTE = 1e9
METHOD = f"""\
Ein Debian-13-Host mit der Lager-App und ihren Beispieldaten, dazu {{documents}} Dokumente in der Datenbank `{DATABASE}`
(rund 310 Bytes, mit einem Index). Er sichert auf einen zweiten Host (Rolle `backup_server`, TLS, nimmt nur an), dann
ist er weg. An seiner Stelle steht ein nacktes Debian 13 ohne Docker; alle Geheimnisse des Inventars sind neu. Bekannt
sind die Adresse des Sicherungsziels und der Schlüssel, abgetippt vom gedruckten Wiederherstellungsblatt. Gemessen wird
`ansible-playbook playbooks/new_server.yml -e stack={STACK}` von Anfang bis Ende, auch die Pakete von Docker gehören
dazu. Danach ist die Anwendung gesund, und die Prüfsummen (`dbHash`) von Artikeln, Lagerorten, Buchungen, Beständen und
allen zusätzlichen Dokumenten sind die von vorher. Der Vergleichswert ist `playbooks/site.yml` auf einem leeren Host,
der Docker schon hat: so lange dauert das Ausrollen ohne Daten. Sicherungsserver und Host teilen sich die Kerne einer
Maschine."""


@dataclass(frozen=True)
class Seen:
    """Seconds of three commands, bytes of all documents, the reports of both runs."""

    roll_out: float
    backup: float
    new_server: float
    size: float
    saved: dict[str, Any]
    restored: dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.lost_server", description="Server verloren: mit 1 GB")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "messungen", help="wohin die Seite kommt")
    folder, seen = parser.parse_args().into, Circumstances.now()
    try:
        with step("Server verloren"), tempfile.TemporaryDirectory() as place:
            found = report(lose(Path(place)))
    finally:
        sites.take_down()
    pages.write(folder, found, seen)
    print(pages.shown(found))
    return 0


def lose(place: Path) -> Seen:
    site = sites.bring_up()
    site.play("backup_server").good()
    rolled_out = sites.from_nothing(site).seconds
    site.run(
        "ln", "-sf", str(restic.PROGRAM), "/usr/bin/restic"
    )  # the first backup makes a key as heavy as an operator's
    source = (ROOT / "bench" / "filling.py").read_text(encoding="utf-8")
    told = site.run(AGENTS_PYTHON, "-", address(site), KEYFILE, "fill", str(DOCUMENTS), stdin=source)
    size = float(json.loads(told)["bytes"])
    say(f"  {DOCUMENTS} Dokumente, {size / GIGABYTE:.2f} GB")
    backed_up, before = site.play("backup").good().seconds, digests(site)
    saved = site.last_report()
    say(f"  gesichert in {backed_up:.0f} s")
    paper = read_from_paper(site.run("upkeep", "recovery-sheet", STACK, "--into", "-"))
    renew(BED, HOST, "debian13")
    new = with_new_secrets(site, place / "inventory", {"ca": authority(site), "append_only": True} | paper)
    came_back = new.play("new_server", "-e", f"stack={STACK}").good().seconds
    if not json.loads(new.run("upkeep", "health", STACK, "--json"))["healthy"]:
        fail("Die Anwendung ist nach dem Zurückspielen nicht gesund")
    if digests(new) != before:
        fail("Die Daten sind nach dem Zurückspielen nicht die von vorher")
    return Seen(rolled_out, backed_up, came_back, size, saved, new.last_report())


def address(site: Site) -> str:
    return site.run("docker", "inspect", "-f", ADDRESSES, f"{STACK}-mongodb-1").split()[0]


def digests(site: Site) -> list[dict[str, str]]:
    """By collection, of what a restore must bring back."""
    found: list[dict[str, str]] = json.loads(site.run(AGENTS_PYTHON, "-c", DIGEST, address(site), KEYFILE))
    return found


def report(seen: Seen) -> Report:
    empty = "Ausrollen ohne Daten"
    figures = (
        Figure("nackter Host → gesunde Anwendung mit allen Daten", "s", [seen.new_server], empty, [seen.roll_out]),
        Figure("vorher: die erste Sicherung", "s", [seen.backup], empty, [seen.roll_out]),
    )
    size = f"{seen.size / GIGABYTE:.2f} GB".replace(".", ",")
    method = METHOD.replace("{documents}", f"{DOCUMENTS:,}".replace(",", "."))
    tables = (phases_table([seen.restored]),)
    return Report("server-verloren", f"Server verloren: {size} zurück", method, figures, tables, made_by="make faults")


if __name__ == "__main__":
    sys.exit(main())
