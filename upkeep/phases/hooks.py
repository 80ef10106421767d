"""Hooks: programs of the host before a run touches anything, after it is over, and when it leaves the gate shut."""

from __future__ import annotations

import logging

from upkeep import redaction
from upkeep.errors import ProgramFailed, Refused, UpkeepError
from upkeep.memory.journal import Result
from upkeep.policy.commands import CommandReport, Hook, When
from upkeep.ports.programs import PATH
from upkeep.runs.run import Run

KILLED = "abgebrochen, weil der Agent beendet wurde"

log = logging.getLogger("upkeep.run")


def check_programs(run: Run) -> None:
    """Also those that only an end or an alarm would call: then it is too late to learn that they are missing."""
    for hook in run.policy.hooks.all:
        if run.ports.programs.find(hook.command[0]) is None and not run.force:
            raise Refused(
                f"Der Hook {hook.command[0]} ist auf diesem Host nicht ausführbar",
                limit="vorhandene Datei mit Ausführungsrecht",
                next_step="Das Programm auf den Host bringen oder den Hook aus dem Inventar nehmen; notfalls --force.",
            )


def before(run: Run) -> str:
    """One that fails or hangs refuses the run, unless it is forced: nothing has been touched."""
    for number, hook in enumerate(run.policy.hooks.before):
        report = _call(run, When.BEFORE, number, hook, {})
        if report.problem and run.force:
            _warn(run, f"Der Hook {report.program} vor dem Lauf ist gescheitert ({_seen(report)}).")
        elif report.problem:
            raise Refused(
                f"Der Hook {report.program} vor dem Lauf ist gescheitert; geändert wurde nichts",
                observed=_seen(report),
                limit="Exit-Code 0",
                next_step=f"Ausgabe ansehen: `upkeep logs {run.paths.name}`. Trotzdem ausführen: mit --force.",
            )
    return _count(len(run.policy.hooks.before))


def after(run: Run, result: Result) -> str:
    """Whatever came of a run whose `before` began. A problem is a warning: nothing is undone for it."""
    if not run.record.intended("before"):
        return ""
    try:
        called = [_after(run, number, hook, result) for number, hook in enumerate(run.policy.hooks.after)]
    except UpkeepError as exc:
        return _warn(run, f"Die Hooks nach dem Lauf liefen nicht: {exc}")
    for report in called:
        if report.problem:
            _warn(run, f"Der Hook {report.program} nach dem Lauf ist gescheitert ({_seen(report)}).")
    return _count(len(called))


def _after(run: Run, number: int, hook: Hook, result: Result) -> CommandReport:
    known = run.record.command(When.AFTER, number)
    if known is None:
        return _call(run, When.AFTER, number, hook, {"UPKEEP_RESULT": str(result)})
    _mark_killed(run, known)
    return known


def alarm(run: Run, message: str) -> None:
    """Somebody has to come: said at error level, and to the policy's alarm hooks (again, if one was cut short)."""
    hidden = redaction.secrets(run.paths.secrets)
    told = redaction.redacted(message, hidden)
    log.error("ALARM %s: %s", run.paths.name, told)
    try:
        for number, hook in enumerate(run.policy.hooks.alarm):
            known = run.record.command(When.ALARM, number)
            if known is None or known.ended_at is None:
                run.record.commands = [item for item in run.record.commands if item is not known]
                report = _call(run, When.ALARM, number, hook, {"UPKEEP_RESULT": "failed", "UPKEEP_REASON": told})
                if report.problem:
                    _warn(run, f"Der Alarm-Hook {report.program} ist gescheitert ({_seen(report)}).")
    except UpkeepError as exc:
        _warn(run, f"Die Alarm-Hooks liefen nicht: {exc}")


def cut_short(run: Run) -> str:
    """What to say of a run that never got beyond its `before` hooks. They are not run again."""
    under_way = (item for item in run.record.commands if item.when is When.BEFORE and item.ended_at is None)
    report = next(under_way, None)
    if report is None:
        return "Der Agent wurde beendet, bevor etwas geändert war"
    _mark_killed(run, report)
    return (
        f"Der Agent wurde beendet, während der Hook {report.program} lief; geändert war noch nichts, "
        "und der Hook wird nicht wiederholt"
    )


def _mark_killed(run: Run, report: CommandReport) -> None:
    if report.ended_at is None:
        report.ended_at, report.problem = run.now(), KILLED


def _call(run: Run, when: When, number: int, hook: Hook, facts: dict[str, str]) -> CommandReport:
    """Intent and outcome are durable, so that a killed agent knows what was under way."""
    hidden = redaction.secrets(run.paths.secrets)
    words = [redaction.redacted(word, hidden) for word in hook.command]
    report = CommandReport(when, number, words, begun_at=run.now())
    run.record.commands.append(report)
    run.say(f"Hook {report.program}")
    run.journal.save()
    _carry_out(run, hook, report, facts, hidden)
    report.ended_at = run.now()
    run.journal.save()
    if report.problem:
        log.warning("%s: Hook %s: %s", run.record.id, report.program, report.problem)
    return report


def _carry_out(run: Run, hook: Hook, report: CommandReport, facts: dict[str, str], hidden: tuple[str, ...]) -> None:
    argv = (run.ports.programs.find(hook.command[0]) or hook.command[0], *hook.command[1:])
    try:
        ended = run.ports.programs.run(argv, _environment(run) | facts, hook.timeout)
    except ProgramFailed as exc:
        report.problem = str(exc)
        return
    report.exit_code, report.seconds = ended.exit_code, ended.seconds
    report.output = redaction.last_lines(ended.output, hidden)
    if ended.exit_code is None:
        report.problem = f"nach {hook.timeout:g} s nicht fertig und beendet"
    elif ended.exit_code != 0:
        report.problem = f"Exit-Code {ended.exit_code}"


def _environment(run: Run) -> dict[str, str]:
    plan = run.plan
    return {
        "PATH": PATH,
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "UPKEEP_STACK": run.paths.name,
        "UPKEEP_RUN": run.record.id,
        "UPKEEP_OPERATION": str(run.record.operation),
        "UPKEEP_FROM": plan.release.label if plan.release else "",
        "UPKEEP_TO": plan.target.label if plan.target else "",
    }


def _seen(report: CommandReport) -> str:
    last = f": {report.output[-1][:200]}" if report.output else ""
    return f"{report.problem}{last}"


def _warn(run: Run, text: str) -> str:
    if text not in run.record.warnings:
        run.record.warnings.append(text)
    return text


def _count(number: int) -> str:
    return {0: "keine", 1: "1 Hook"}.get(number, f"{number} Hooks")
