"""The command line inside the container: ``lager serve | invite-admin | load-demo | ledger verify``."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable

from pymongo.errors import PyMongoError

from lager import schema
from lager.bookings.verify import verify
from lager.demo.load import Loaded, load_demo
from lager.problems import Problem
from lager.server import serve
from lager.services import Services, build_services
from lager.settings import BadSettings, Settings, read_settings

FAILED = 1
USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """0 done, 1 failed, 2 wrong usage or settings."""
    arguments = _parser().parse_args(argv)
    try:
        settings = read_settings()
    except BadSettings as exc:
        print(exc, file=sys.stderr)
        return USAGE
    if arguments.command == "serve":
        serve(settings)
        return 0
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    works = {"invite-admin": _invite_admin, "load-demo": _load_demo, "ledger": _verify_ledger}
    work = works[arguments.command]
    return asyncio.run(_with_services(settings, lambda services: work(services, arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lager", description="Die Lager-App.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="BEFEHL")
    commands.add_parser("serve", help="die App ausliefern (bis SIGTERM)")
    invite = commands.add_parser("invite-admin", help="einen einmaligen Link für einen Administrator ausgeben")
    invite.add_argument(
        "--if-none",
        action="store_true",
        help="nur, wenn es weder einen aktiven Administrator noch einen offenen Link für einen gibt",
    )
    demo = commands.add_parser("load-demo", help="Beispieldaten eines Betriebs laden (mehrfach möglich)")
    demo.add_argument("--user", metavar="NAME", help="dazu ein Administrator-Konto anlegen; Passwort über stdin")
    demo.add_argument("--json", action="store_true", help="Ergebnis als JSON ausgeben")
    ledger = commands.add_parser("ledger", help="das Buchungsjournal")
    verify = ledger.add_subparsers(dest="ledger_command", required=True, metavar="BEFEHL").add_parser(
        "verify", help="prüfen, ob Kette, Summen und Bestände stimmen (1: nein, mit der ersten Stelle)"
    )
    verify.add_argument("--json", action="store_true", help="Ergebnis als JSON ausgeben")
    return parser


async def _with_services(settings: Settings, work: Callable[[Services], Awaitable[int]]) -> int:
    services = build_services(settings)
    try:
        await schema.prepare(services.database)
        return await work(services)
    except Problem as exc:
        print("\n".join([exc.message, *exc.fields.values()]), file=sys.stderr)
        return FAILED
    except PyMongoError as exc:
        print(f"MongoDB ist nicht erreichbar ({type(exc).__name__}). Läuft die Datenbank?", file=sys.stderr)
        return FAILED
    finally:
        await services.close()


async def _invite_admin(services: Services, arguments: argparse.Namespace) -> int:
    """Print nothing but the path, so that a play can register it."""
    if arguments.if_none and (await services.users.has_admin() or await services.invitations.is_admin_awaited()):
        print("Es gibt schon einen Administrator oder einen offenen Link.", file=sys.stderr)
        return 0
    print(await services.invitations.create_for_operator())
    return 0


async def _load_demo(services: Services, arguments: argparse.Namespace) -> int:
    password = sys.stdin.readline().rstrip("\n") if arguments.user else None
    loaded = await load_demo(services, arguments.user, password)
    print(json.dumps(loaded.view()) if arguments.json else _told(loaded))
    return 0


async def _verify_ledger(services: Services, arguments: argparse.Namespace) -> int:
    found = await verify(services.database)
    print(json.dumps(found.view()) if arguments.json else found.told())
    return FAILED if found.broken else 0


def _told(loaded: Loaded) -> str:
    if not loaded.changed:
        return "Beispieldaten: alles schon da."
    user = ", Konto angelegt" if loaded.user_created else ""
    things = f"{loaded.articles} Artikel, {loaded.locations} Lagerorte und {loaded.bookings} Buchungen"
    return f"Beispieldaten: {things} angelegt{user}."
