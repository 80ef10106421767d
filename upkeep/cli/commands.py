"""One function per verb: ask the agent, show the answer, return the exit code."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from upkeep.cli import pages
from upkeep.cli.arguments import default_starter
from upkeep.cli.exits import Exit, UsageError, exit_for_result
from upkeep.cli.progress import Progress, Silent, progress_on
from upkeep.client import AgentClient, Json, order
from upkeep.moment import NotAMoment, parse_until
from upkeep.wording import plain


@dataclass(frozen=True)
class Desk:
    """What every verb works with."""

    client: AgentClient
    out: TextIO
    now: datetime
    as_json: bool

    def show(self, answer: Any, lines: list[str]) -> None:
        """`answer` for programs, `lines` for people."""
        text = json.dumps(answer, ensure_ascii=False, indent=2) if self.as_json else "\n".join(lines)
        print(text, file=self.out, flush=True)

    def progress(self) -> Progress:
        return Silent() if self.as_json else progress_on(self.out)


class Detached(Exception):
    """Ctrl-C while watching; the run goes on without us."""

    def __init__(self, stack: str, run: str) -> None:
        super().__init__(
            f"Abgehängt. Der Lauf {run} geht auf dem Host weiter.\n"
            f"Wieder zusehen: `upkeep status {stack} --follow`   Ergebnis: `upkeep status {stack}`"
        )
        self.run = run


Verb = Callable[[Desk, argparse.Namespace], Exit]


def status(desk: Desk, args: argparse.Namespace) -> Exit:
    if args.follow:
        return _follow_running(desk, _only_stack(desk, args))
    if args.stack is None:
        stacks = desk.client.stacks()
        lines = pages.status_page(stacks[0], desk.now) if len(stacks) == 1 else pages.status_table(stacks, desk.now)
        desk.show(stacks, lines)
        return Exit.OK
    answer = desk.client.status(args.stack)
    desk.show(answer, pages.status_page(answer, desk.now))
    return Exit.OK


def run_operation(desk: Desk, args: argparse.Namespace) -> Exit:
    """check, update, rollback, deploy, backup, verify, export, drill."""
    stack = _only_stack(desk, args)
    service = getattr(args, "service", None)
    if service and not args.to:
        raise UsageError(f"--service {service} braucht --to: welche Version soll es werden?")
    wish = order(args.verb, args.starter, getattr(args, "to", None), getattr(args, "force", False), service)
    if getattr(args, "backup", None):
        wish["options"]["backup"] = args.backup
    wish["options"] |= {name: True for name in ("deep", "all", "tidy", "accept") if getattr(args, name, False)}
    if getattr(args, "plan", False):
        plan = desk.client.plan(stack, wish)
        desk.show(plan, pages.plan_page(stack, plan))
        return Exit.OK
    return _watch(desk, stack, desk.client.start(stack, wish))


def maintenance(desk: Desk, args: argparse.Namespace) -> Exit:
    wish: Json = {"on": args.state == "on", "owner": "operator", "check": False, "starter": default_starter()}
    if args.state == "on":
        wish |= {"reason": args.reason, "title": args.title, "text": args.text, "until": _until(desk, args.until)}
    elif args.reason or args.title or args.text or args.until:
        raise UsageError("--title, --text, --until und --reason gehören zu `on`, nicht zu `off`.")
    answer = desk.client.maintenance(args.stack, wish)
    unchanged = "" if answer["changed"] else " (war schon so)"
    desk.show(
        answer, [f"{args.stack}: Wartung {pages.maintenance_sentence(answer['maintenance'], desk.now)}{unchanged}"]
    )
    return Exit.OK


def health(desk: Desk, args: argparse.Namespace) -> Exit:
    stack = _only_stack(desk, args)
    answer = desk.client.health(stack)
    desk.show(answer, pages.health_page(stack, answer))
    return Exit.OK if answer["healthy"] else Exit.FAILED


def logs(desk: Desk, args: argparse.Namespace) -> Exit:
    if args.lines < 1:
        raise UsageError(f"--lines {args.lines}: es muss mindestens eine Zeile sein.")
    lines = desk.client.logs(_only_stack(desk, args), args.lines, args.run)
    desk.show({"lines": lines}, [plain(line) for line in lines])
    return Exit.OK


def history(desk: Desk, args: argparse.Namespace) -> Exit:
    answer = desk.client.told(_only_stack(desk, args), "history", checks=int(args.checks))
    desk.show(answer, pages.history_page(answer, desk.now))
    return Exit.OK


def backups(desk: Desk, args: argparse.Namespace) -> Exit:
    answer = desk.client.told(_only_stack(desk, args), "backups")
    desk.show(answer, pages.backups_page(answer, desk.now))
    return Exit.OK


def notify(desk: Desk, args: argparse.Namespace) -> Exit:
    if not args.test:
        raise UsageError("Eine Probe verschickt `upkeep notify --test`; Alarme kommen von selbst.")
    answer = desk.client.tried("notify")
    desk.show(answer, pages.deliveries_page(answer))
    return Exit.FAILED if any(item["problem"] for item in answer["deliveries"]) else Exit.OK


def watch(desk: Desk, args: argparse.Namespace) -> Exit:
    answer = desk.client.watch(_only_stack(desk, args))
    desk.show(answer, pages.watch_page(answer, desk.now))
    return Exit.FAILED if answer["undelivered"] else Exit.OK


def recovery_sheet(desk: Desk, args: argparse.Namespace) -> Exit:
    """Into a file that only its owner can read; nothing of it on a terminal."""
    stack = _only_stack(desk, args)
    text = str(desk.client.told(stack, "recovery-sheet")["html"])
    if args.into == "-":
        if desk.out.isatty():
            raise UsageError("Das Blatt ist geheim und gehört nicht auf den Bildschirm: in eine Datei umleiten.")
        print(text, file=desk.out, end="")
        return Exit.OK
    place = Path(args.into or f"wiederherstellungsblatt-{stack}.html").absolute()
    _write_secret(place, text)
    desk.show({"file": str(place)}, [f"Geschrieben: {place}", f"Jetzt drucken, dann löschen: `shred -u {place}`"])
    return Exit.OK


def _write_secret(place: Path, text: str) -> None:
    try:
        with open(place, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{place} gibt es schon; es wird nichts überschrieben.") from error
    except OSError as error:
        raise UsageError(f"{place} lässt sich nicht schreiben: {error.strerror}.") from error


def repair(desk: Desk, args: argparse.Namespace) -> Exit:
    wish = order("repair", args.starter)
    if args.yes:
        return _watch(desk, args.stack, desk.client.start(args.stack, wish))
    plan = desk.client.plan(args.stack, wish)
    hint = [f"Ausführen: `upkeep repair {args.stack} --yes`"] if plan["changed"] else []
    desk.show(plan, [*pages.plan_page(args.stack, plan), *hint])
    return Exit.OK


def restore(desk: Desk, args: argparse.Namespace) -> Exit:
    """restore, undo: whoever only looks changes nothing."""
    stack = _only_stack(desk, args)
    wish = order(args.verb, args.starter, force=getattr(args, "force", False))
    wish["options"] |= {
        name: value for name in ("backup", "file", "identity", "only") if (value := getattr(args, name, None))
    }
    if args.yes:
        return _watch(desk, stack, desk.client.start(stack, wish))
    plan = desk.client.plan(stack, wish)
    desk.show(plan, [*pages.plan_page(stack, plan), "Ausführen: denselben Befehl mit --yes"])
    return Exit.OK


VERBS: dict[str, Verb] = {
    "status": status,
    "check": run_operation,
    "update": run_operation,
    "rollback": run_operation,
    "deploy": run_operation,
    "maintenance": maintenance,
    "health": health,
    "logs": logs,
    "history": history,
    "repair": repair,
    "backup": run_operation,
    "list": backups,
    "verify": run_operation,
    "export": run_operation,
    "recovery-sheet": recovery_sheet,
    "drill": run_operation,
    "restore": restore,
    "undo": restore,
    "notify": notify,
    "watch": watch,
}


def _follow_running(desk: Desk, stack: str) -> Exit:
    answer = desk.client.status(stack)
    if answer.get("running"):
        return _watch(desk, stack, answer["running"]["id"])
    desk.show(answer, ["Gerade läuft nichts.", *pages.status_page(answer, desk.now)])
    return Exit.OK


def _watch(desk: Desk, stack: str, run: str) -> Exit:
    progress = desk.progress()
    try:
        for event in desk.client.events(run, progress.poll, progress.pulse):
            progress.event(event)
        report = desk.client.report(run)
    except KeyboardInterrupt as interrupt:
        raise Detached(stack, run) from interrupt
    finally:
        progress.close()
    desk.show(report, pages.run_page(report))
    return exit_for_result(report.get("result"))


def _only_stack(desk: Desk, args: argparse.Namespace) -> str:
    if args.stack is not None:
        return str(args.stack)
    names = [status["stack"] for status in desk.client.stacks()]
    if len(names) == 1:
        return str(names[0])
    known = f"Auf diesem Host gibt es: {', '.join(names)}." if names else "Auf diesem Host gibt es noch keinen Stack."
    raise UsageError(f"Welcher Stack? {known}")


def _until(desk: Desk, text: str | None) -> str | None:
    try:
        return parse_until(text, desk.now) if text else None
    except NotAMoment as error:
        raise UsageError(f"--until: {error}") from error
