"""When a run fails: keep the evidence before it is replaced, and be honest with whoever is waiting."""

from __future__ import annotations

import logging
from dataclasses import replace

from upkeep import redaction
from upkeep.errors import UpkeepError
from upkeep.gate import maintenance
from upkeep.gate.maintenance import Notice
from upkeep.phases.surge import ROLE, slots_now
from upkeep.runs.run import Run

LINES = 40
TITLE = "Störung"
TEXT = "Die Anwendung ist zurzeit gestört. Bitte wenden Sie sich an Ihren Administrator."

log = logging.getLogger("upkeep.run")


def keep_evidence(run: Run) -> str:
    """The last log lines of the containers that failed; a rollback replaces them."""
    if run.record.last_logs or not run.record.began_new:
        return ""
    hidden = redaction.secrets(run.paths.secrets)
    try:
        for item in slots_now(run).values():
            if item.role in ("app", ROLE) and item.id not in run.record.replaced:
                lines = redaction.redacted("\n".join(run.ports.docker.logs(item.id, LINES)), hidden).splitlines()
                run.record.last_logs += [f"{item.service}: {line}" for line in lines]
    except UpkeepError as exc:
        run.record.last_logs.append(f"Logs nicht lesbar: {exc}")
    return f"{len(run.record.last_logs)} Zeilen"


def say_disturbed(run: Run) -> None:
    """The page no longer promises that it starts again in a moment."""
    notice = Notice(run.owner, "failed", TITLE, TEXT, since=run.now())
    try:
        maintenance.change(run.paths, run.ports, lambda present: replace(present, run=notice))
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)
