"""The command line of `upkeep`: one subcommand per verb, help in German."""

from __future__ import annotations

import argparse
import getpass
import os
from typing import TYPE_CHECKING

from upkeep import __version__
from upkeep.cli.german import speak_german
from upkeep.client import AGENT_SOCKET

_EPILOG = """\
Ende-Codes: 0 gut · 1 gescheitert · 2 falscher Aufruf · 3 abgelehnt · 4 zurückgerollt · 5 ein anderer Lauf ist im Gange
            6 der Agent antwortet nicht · 130 mit Strg-C abgehängt (der Lauf geht weiter)
"""


def build_parser() -> argparse.ArgumentParser:
    speak_german()
    parser = argparse.ArgumentParser(
        prog="upkeep",
        description="Anwendungen auf diesem Docker-Host ansehen, aktualisieren, zurückrollen und warten.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"upkeep {__version__}", help="zeigt die Version")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="BEFEHL", title="Befehle")
    _add_status(verbs)
    _add_runs(verbs)
    _add_maintenance(verbs)
    _add_health(verbs)
    _add_logs(verbs)
    _add_history(verbs)
    _add_repair(verbs)
    _add_backups(verbs)
    _add_recovery_sheet(verbs)
    _add_restores(verbs)
    _add_notify(verbs)
    return parser


if TYPE_CHECKING:  # argparse has no public name for what add_subparsers returns
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def _verb(verbs: Verbs, name: str, text: str, stack_required: bool = False) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    if stack_required:
        parser.add_argument("stack", metavar="STACK", help="Name des Stacks")
    else:
        parser.add_argument("stack", metavar="STACK", nargs="?", help="Name des Stacks; bei nur einem entbehrlich")
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="Ausgabe als JSON, für Programme")
    parser.add_argument("--socket", default=AGENT_SOCKET, metavar="PFAD", help="Socket des Agenten (%(default)s)")


def _add_status(verbs: Verbs) -> None:
    parser = _verb(verbs, "status", "zeigt, was läuft, was es Neues gibt und wie der letzte Lauf ausging")
    parser.add_argument("--follow", action="store_true", help="dem laufenden Lauf zusehen, bis er fertig ist")


def _add_runs(verbs: Verbs) -> None:
    check = _verb(verbs, "check", "fragt die Registry nach einer neuen Version; ändert nichts")
    update = _verb(verbs, "update", "aktualisiert auf die neueste Version des Kanals")
    rollback = _verb(verbs, "rollback", "geht auf die vorige Version zurück")
    deploy = _verb(verbs, "deploy", "bringt den Stack in den Zustand, den seine Dateien beschreiben")
    update.add_argument("--to", metavar="VERSION", help="stattdessen genau diese Version (1.4.2, repo:tag, sha256:…)")
    update.add_argument(
        "--service", metavar="DIENST", help="statt der Anwendung diesen Dienst (mongodb), hinter der Wartungsseite"
    )
    for parser in (update, rollback, deploy):
        parser.add_argument("--force", action="store_true", help="trotz gesperrter Version, Handänderung oder Hook")
        parser.add_argument("--plan", action="store_true", help="nur zeigen, was geschehen würde")
    for parser in (check, update, rollback, deploy):
        parser.add_argument(
            "--starter", default=default_starter(), metavar="WER", help="wer den Lauf startet (%(default)s)"
        )


def _add_maintenance(verbs: Verbs) -> None:
    parser = _verb(verbs, "maintenance", "schaltet die Wartungsseite ein oder aus", stack_required=True)
    parser.add_argument("state", choices=("on", "off"), metavar="on|off", help="einschalten oder ausschalten")
    parser.add_argument("--title", metavar="TITEL", help="Überschrift der Wartungsseite")
    parser.add_argument("--text", help="Text der Wartungsseite")
    parser.add_argument("--until", metavar="ZEIT", help="voraussichtliches Ende: 18:30 oder „21.11.2026 18:30“")
    parser.add_argument("--reason", metavar="GRUND", help="Grund, für das Protokoll; steht nicht auf der Seite")


def _add_health(verbs: Verbs) -> None:
    _verb(verbs, "health", "prüft jetzt, ob der Stack gesund ist (Ende-Code 1, wenn nicht)")


def _add_logs(verbs: Verbs) -> None:
    parser = _verb(verbs, "logs", "zeigt das Protokoll des letzten Laufs und der Container")
    parser.add_argument("--lines", type=int, default=200, metavar="N", help="wie viele Zeilen (%(default)s)")
    parser.add_argument("--run", metavar="LAUF", help="das Protokoll dieses Laufs")


def _add_history(verbs: Verbs) -> None:
    parser = _verb(verbs, "history", "zeigt die Läufe der letzten Zeit, den neuesten zuerst")
    parser.add_argument("--checks", action="store_true", help="auch die Prüfungen auf neue Versionen")


def _add_repair(verbs: Verbs) -> None:
    text = "stellt wieder her, was der Agent über den Stack wissen muss; ohne --yes nur zeigen, was zu tun ist"
    parser = _verb(verbs, "repair", text, stack_required=True)
    parser.add_argument("--yes", action="store_true", help="die Schritte ausführen")
    parser.add_argument("--starter", default=default_starter(), metavar="WER", help="wer sie ausführt (%(default)s)")


def _add_backups(verbs: Verbs) -> None:
    backup = _verb(verbs, "backup", "sichert den Stack jetzt; die Anwendung läuft dabei weiter")
    _verb(verbs, "list", "zeigt die Sicherungen am Sicherungsziel, die neueste zuerst")
    verify = _verb(verbs, "verify", "prüft das Sicherungsziel und die Sicherungen darin")
    verify.add_argument("--deep", action="store_true", help="auch Daten lesen: die an der Reihe sind, alle in 7 Tagen")
    verify.add_argument("--all", action="store_true", help="auch alle Daten lesen")
    verify.add_argument("--tidy", action="store_true", help="danach entfernen, was nicht mehr aufzuheben ist")
    verify.add_argument(
        "--accept", action="store_true", help="was am Sicherungsziel liegt, gilt von nun an als das eigene"
    )
    export = _verb(verbs, "export", "schreibt die neueste Sicherung als eine Datei, die tar, zstd und age öffnen")
    export.add_argument("--backup", metavar="LAUF", help="stattdessen diese Sicherung (`upkeep list`)")
    drill = _verb(verbs, "drill", "holt die neueste Sicherung zur Probe zurück, in einer eigenen Umgebung, mit Bericht")
    for parser in (backup, verify, export, drill):
        parser.add_argument("--plan", action="store_true", help="nur zeigen, was geschehen würde")
        parser.add_argument(
            "--starter", default=default_starter(), metavar="WER", help="wer den Lauf startet (%(default)s)"
        )


def _add_restores(verbs: Verbs) -> None:
    restore = _verb(verbs, "restore", "spielt eine Sicherung zurück; ohne --yes nur zeigen, was geschehen würde")
    restore.add_argument("--backup", metavar="SICHERUNG", help="welche, aus `upkeep list`; sonst die neueste")
    restore.add_argument(
        "--file",
        type=os.path.abspath,
        metavar="DATEI",
        help="statt vom Sicherungsziel aus einem Export (`upkeep export`)",
    )
    restore.add_argument(
        "--identity",
        type=os.path.abspath,
        metavar="DATEI",
        help="der Schlüssel von age, wenn der Export verschlüsselt ist",
    )
    restore.add_argument(
        "--only",
        action="append",
        metavar="TEIL",
        help="nur diesen Teil: mongodb, mongodb:<Datenbank>, mongodb:<Datenbank>.<Sammlung>, postgres:<Datenbank>, "
        "volume:<Name>",
    )
    restore.add_argument("--force", action="store_true", help="auch Daten einer anderen Version der Anwendung")
    undo = _verb(verbs, "undo", "nimmt das letzte Zurückspielen zurück; ohne --yes nur zeigen, was geschehen würde")
    for parser in (restore, undo):
        parser.add_argument("--yes", action="store_true", help="die Schritte ausführen")
        parser.add_argument("--starter", default=default_starter(), metavar="WER", help="wer es tut (%(default)s)")


def _add_notify(verbs: Verbs) -> None:
    _verb(verbs, "watch", "zeigt, was einen Menschen braucht, und meldet, was noch nicht gemeldet ist")
    text = "verschickt eine Probe an alle, die Alarme bekommen (Ende-Code 1, wenn sie nicht ankommt)"
    parser = verbs.add_parser("notify", help=text, description=text)
    parser.add_argument("--test", action="store_true", help="jetzt eine Probe verschicken")
    _add_common(parser)
    parser.set_defaults(stack=None)


def _add_recovery_sheet(verbs: Verbs) -> None:
    parser = _verb(
        verbs, "recovery-sheet", "schreibt das Wiederherstellungsblatt: drucken, in den Tresor, Datei löschen"
    )
    parser.add_argument(
        "--into", metavar="DATEI", help="wohin; - ist die Standardausgabe (Vorgabe: hier, nach dem Stack)"
    )


def default_starter() -> str:
    """cli:<who>: the person behind sudo, if there is one."""
    return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"
