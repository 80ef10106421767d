"""What the application said when it did not get ready with the data it was given."""

from __future__ import annotations

from upkeep import redaction
from upkeep.errors import UpkeepError
from upkeep.phases.trouble import LINES
from upkeep.runs.run import Run


def keep_logs(run: Run) -> str:
    if not run.record.intended("start"):
        return ""
    hidden = redaction.secrets(run.paths.secrets)
    try:
        for item in run.ports.docker.containers(run.paths.name):
            if item.role == "app":
                lines = redaction.redacted("\n".join(run.ports.docker.logs(item.id, LINES)), hidden).splitlines()
                run.record.last_logs += [f"{item.service}: {line}" for line in lines]
    except UpkeepError as exc:
        run.record.last_logs.append(f"Logs nicht lesbar: {exc}")
    return f"{len(run.record.last_logs)} Zeilen"
