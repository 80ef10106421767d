"""What the modules that start runs share: plan or execute through the agent, and how a report becomes a result."""

from __future__ import annotations

import getpass
import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import (
    AGENT_SOCKET,
    AgentClient,
    AgentError,
    AgentUnreachable,
    Busy,
    Json,
    SocketMissing,
    UnknownStack,
    order,
)
from ansible.module_utils.upkeep_wording import OPERATIONS, run_sentence, spoken

AGENT_ARGUMENTS: dict[str, dict[str, Any]] = {
    "stack": {"type": "str", "required": True},
    "socket": {"type": "path", "default": AGENT_SOCKET},
}
RUN_ARGUMENTS = AGENT_ARGUMENTS | {
    "starter": {"type": "str"},
    "wait_for_running": {"type": "int", "default": 0},
}
INSTALLED = "/opt/upkeep/current"
NO_AGENT_YET = (
    "Prüflauf: der Upkeep-Agent ist auf diesem Host noch nicht installiert; was geschähe, ist noch nicht zu sehen."
)
NO_STACK_YET = "Prüflauf: diesen Stack gibt es auf dem Host noch nicht; er würde neu ausgerollt."
_GOOD = ("updated", "unchanged")


class StillRunning(Exception):
    """The run we wait for takes longer than we were told to wait."""


def run_operation(
    module: AnsibleModule,
    operation: str,
    to: str | None = None,
    force: bool = False,
    may_be_new: bool = False,
    service: str | None = None,
    **options: Any,
) -> NoReturn:
    """Plan in check mode, else execute; ends the module. `may_be_new`: in check mode the stack may not exist yet.
    `options`: what only this operation knows."""
    run = Run(module, AgentClient(module.params["socket"]), module.params["stack"])
    wish = order(operation, module.params["starter"] or default_starter(), to, force, service)
    wish["options"] |= options
    try:
        if module.check_mode:
            run.plan(wish)
        run.execute(wish)
    except Busy as error:
        fail(module, run.busy_message(error), result="busy", running=error.running)
    except AgentError as error:
        if module.check_mode and (not_installed(error) or (may_be_new and isinstance(error, UnknownStack))):
            message = NO_STACK_YET if isinstance(error, UnknownStack) else NO_AGENT_YET
            module.exit_json(changed=True, result=None, message=message)
        fail(module, str(error), result=result_of(error))


@dataclass
class Run:
    """One order to one stack. `plan` and `execute` end the module or raise AgentError."""

    module: AnsibleModule
    client: AgentClient
    stack: str

    def plan(self, wish: Json) -> NoReturn:
        plan, status = self.client.plan(self.stack, wish), self.client.status(self.stack)
        diff = {"diff": plan["diff"]} if self.module._diff and plan.get("diff") else {}
        message = "\n".join([plan.get("message") or "", *(plan.get("steps") or [])]).strip()
        self.module.exit_json(
            changed=bool(plan["changed"]),
            result=None,
            message=message,
            last_run=last_run(status),
            **state(status),
            **diff,
        )

    def follow(self, wish: Json) -> tuple[Json, Json]:
        """Start the run and follow it to a good end, or end the module. Returns the status before and the report."""
        before, run = self._start(wish)
        for _ in self.client.events(run):
            pass
        report = self.client.report(run)
        if report.get("result") not in _GOOD:
            found = {"report": brief(report), "result": report.get("result"), **self._after()}
            fail(self.module, failure_message(report), changed=report.get("result") != "refused", **found)
        return before, report

    def execute(self, wish: Json) -> NoReturn:
        before, report = self.follow(wish)
        found = {"report": brief(report), "result": report.get("result"), **self._after()}
        message, earlier = success_message(report, last_run(before)) + held_note(report, found), last_run(before)
        self.module.exit_json(changed=report["result"] == "updated", message=message, last_run=earlier, **found)

    def _start(self, wish: Json) -> tuple[Json, str]:
        """Start the run, after a running one if we may wait for it. Returns the status before and the run's id."""
        deadline = time.monotonic() + self.module.params["wait_for_running"]
        while True:
            try:
                return self._before(), self.client.start(self.stack, wish)
            except Busy as busy:
                try:
                    self._await(busy.running["id"], deadline)
                except StillRunning:
                    raise busy from None

    def _await(self, run: str, deadline: float) -> None:
        def check(_: object = None) -> None:
            if time.monotonic() >= deadline:
                raise StillRunning

        check()
        for _ in self.client.events(run, wait=1.0, pulse=check):
            check()

    def _before(self) -> Json:
        try:
            return self.client.status(self.stack)
        except UnknownStack:  # whoever starts a run hears of it there; a removal need not
            return {}

    def _after(self) -> Json:
        try:
            return state(self.client.status(self.stack))
        except (AgentUnreachable, UnknownStack):
            return {"release": None, "previous": None, "held": []}

    def busy_message(self, busy: Busy) -> str:
        running, waited = busy.running, self.module.params["wait_for_running"]
        since = spoken(running.get("started_at"), datetime.now().astimezone())
        operation = OPERATIONS.get(running.get("operation", ""), running.get("operation"))
        patience = f" Nach {waited} s Warten lief er noch." if waited else ""
        return (
            f"Auf „{self.stack}“ läuft schon etwas: {operation} {running.get('id')}, gestartet von "
            f"{running.get('starter')} um {since}.{patience} Zusehen: `upkeep status {self.stack} --follow`; "
            "darauf warten: wait_for_running (Sekunden)."
        )


def fail(module: AnsibleModule, message: str, **found: Any) -> NoReturn:
    module.fail_json(msg=message, message=message, **found)


def result_of(error: AgentError) -> str:
    return "unreachable" if isinstance(error, AgentUnreachable) else error.code


def not_installed(error: AgentError) -> bool:
    return isinstance(error, SocketMissing) and not os.path.lexists(INSTALLED)


def state(status: Json) -> Json:
    versions = status.get("held_versions") or {}
    held = [versions.get(digest) or digest[:19] for digest in status.get("held") or []]
    return {"release": status.get("release"), "previous": status.get("previous"), "held": held}


def last_run(status: Json) -> Json | None:
    """The run before ours: still going on, or finished since somebody last looked."""
    found: Json | None = status.get("running") or status.get("last_run")
    return found


def brief(report: Json) -> Json:
    """The report without what would bury the message: phases, and all but the last lines of the log."""
    kept = {key: value for key, value in report.items() if key != "phases"}
    return kept | {"last_logs": (report.get("last_logs") or [])[-10:]}


def success_message(report: Json, before: Json | None) -> str:
    message = str(report.get("message") or "")
    if not before or (report.get("result") == "updated" and before.get("result") in _GOOD):
        return message
    return f"{message} Vorheriger Lauf: {run_sentence(before, datetime.now().astimezone())}.".strip()


def held_note(report: Json, found: Json) -> str:
    """What is held is said after every run, unless the run's own message says it."""
    said = "zurückgehalten" in str(report.get("message") or "").lower()
    return "" if said or not found["held"] else f" Zurückgehalten: {', '.join(found['held'])}."


def failure_message(report: Json) -> str:
    message, reason = str(report.get("message") or "Der Lauf ist gescheitert."), report.get("reason")
    lines = [message, *([f"Grund: {reason}"] if reason and str(reason) not in message else [])]
    if last_words := list(dict.fromkeys(report.get("last_logs") or []))[-3:]:
        lines += ["Zuletzt schrieb die Anwendung:", *(f"  {line}" for line in last_words)]
    if "upkeep logs" not in message and report.get("result") != "refused":
        lines.append(f"Protokoll: `upkeep logs {report['stack']}`")
    return "\n".join(lines)


def default_starter() -> str:
    """ansible:<user>@<controller's address>, as well as the host can know it."""
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    address = (os.environ.get("SSH_CLIENT") or os.environ.get("SSH_CONNECTION") or "localhost").split()[0]
    return f"ansible:{user}@{address}"
