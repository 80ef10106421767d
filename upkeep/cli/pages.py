"""What the command prints: status table and page, health, the end of a run, a plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from upkeep.client import Json
from upkeep.wording import OPERATIONS, RESULTS, duration, plain, run_sentence, run_words, spoken, version

_SLOT_STATES = {"running": "läuft", "exited": "steht", "created": "noch nie gestartet", "restarting": "startet neu"}
_GATE_STATES = {
    "open": "offen",
    "maintenance": "Wartungsseite",
    "silent": "läuft, aber antwortet nicht",
    "absent": "läuft nicht",
}


def state_of(status: Json) -> str:
    """The one word an admin looks for first."""
    running, maintenance = status.get("running"), status.get("maintenance") or {}
    if running:
        return f"{OPERATIONS.get(running['operation'], running['operation'])} läuft"
    if status.get("attention"):
        return "Reparatur nötig"
    if not status.get("release"):
        return "nicht ausgerollt"
    if maintenance.get("on"):
        return "in Wartung" if maintenance.get("owner") == "operator" else "gestört, geschlossen"
    slots = status.get("slots") or []
    gate_open = (status.get("gate") or {}).get("state") == "open"
    return "in Betrieb" if gate_open and slots and all(slot.get("health") == "ready" for slot in slots) else "gestört"


def status_table(stacks: list[Json], now: datetime) -> list[str]:
    if not stacks:
        return ["Auf diesem Host gibt es noch keinen Stack. Neue legt `ansible-playbook playbooks/site.yml` an."]
    head = ("STACK", "ZUSTAND", "VERSION", "SEIT", "NEU", "LETZTER LAUF")
    return table([head, *(_row(status, now) for status in stacks)])


def _row(status: Json, now: datetime) -> tuple[str, ...]:
    run, release = status.get("last_run"), status.get("release")
    last = f"{OPERATIONS.get(run['operation'], run['operation'])}: {RESULTS.get(run['result'], '?')}" if run else "–"
    since = spoken(release.get("since"), now) if release else "–"
    return status["stack"], state_of(status), version(release), since, version(status.get("available")), last


def table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [plain(line).rstrip() for line in lines]


def status_page(status: Json, now: datetime) -> list[str]:
    facts = [*_release_facts(status, now), *_state_facts(status, now)]
    return [f"{status['stack']}: {state_of(status)}", *(f"  {name:<13} {plain(text)}" for name, text in facts)]


def _release_facts(status: Json, now: datetime) -> Iterator[tuple[str, str]]:
    release = status.get("release")
    if release:
        yield "Version", f"{version(release)} (seit {spoken(release.get('since'), now)})"
        yield "Abbild", str(release.get("image") or release.get("digest"))
    if status.get("previous"):
        yield "Vorige", version(status["previous"])
    if status.get("available"):
        yield "Verfügbar", f"{version(status['available'])}, einspielen mit `upkeep update {status['stack']}`"
    versions = status.get("held_versions") or {}
    for digest in status.get("held") or []:
        called = f"{versions[digest]}, {digest[:19]}" if versions.get(digest) else digest[:19]
        yield "Gesperrt", f"{called} (wurde zurückgerollt; nur mit --force)"


def _state_facts(status: Json, now: datetime) -> Iterator[tuple[str, str]]:
    for slot in status.get("slots") or []:
        yield str(slot["name"]), ", ".join(_slot_words(slot))
    gate = (status.get("gate") or {}).get("state")
    yield "Tor", str(_GATE_STATES.get(gate or "", gate) or "unbekannt")
    if (status.get("maintenance") or {}).get("on"):
        yield "Wartung", maintenance_sentence(status["maintenance"], now)
    if status.get("running"):
        yield "Läuft gerade", run_sentence(status["running"], now)
    if status.get("last_run"):
        yield "Letzter Lauf", run_sentence(status["last_run"], now)
    for text in status.get("drift") or []:
        yield "Abweichung", text


def _slot_words(slot: Json) -> Iterator[str]:
    state, health = slot.get("state"), str(slot.get("health") or "unknown")
    yield str(_SLOT_STATES.get(state or "", state))
    if state == "running":
        yield {"ready": "bereit", "unknown": "nicht geprüft"}.get(health, f"nicht bereit ({health})")
    if slot.get("version"):
        yield str(slot["version"])


def maintenance_sentence(maintenance: Json, now: datetime) -> str:
    if not maintenance.get("on"):
        return "aus"
    owner = (
        "von Hand"
        if maintenance.get("owner") == "operator"
        else f"vom Lauf {str(maintenance.get('owner')).removeprefix('run:')}"
    )
    until = f", bis {spoken(maintenance['until'], now)}" if maintenance.get("until") else ""
    reason = f", Grund: {maintenance['reason']}" if maintenance.get("reason") else ""
    return plain(f"an ({owner}{until}{reason})")


def health_page(stack: str, health: Json) -> list[str]:
    rows = [
        ("ok" if check["ok"] else "FEHLER", str(check["name"]), str(check["observed"]), str(check.get("limit") or ""))
        for check in health["checks"]
    ]
    verdict = f"{stack}: {'gesund' if health['healthy'] else 'nicht gesund'}"
    return [verdict, *(f"  {line}" for line in table([("", "PRÜFUNG", "GEMESSEN", "ERWARTET"), *rows]))]


def history_page(history: Json, now: datetime) -> list[str]:
    rows = [
        (spoken(run["started_at"], now), *run_words(run), str(run.get("starter") or "–"), duration(run))
        for run in history["runs"]
    ]
    head = ("WANN", "VORGANG", "VERSION", "ERGEBNIS", "VON", "DAUER")
    lines = table([head, *rows]) if rows else [f"Für „{history['stack']}“ ist noch kein Lauf verzeichnet."]
    lines += [f"Unlesbar: {plain(name)}" for name in history["damaged"]]
    held = (f"{item.get('version') or item['digest'][:19]} ({item['reason']})" for item in history["held"])
    return lines + [f"Zurückgehalten: {plain(text)}" for text in held]


def backups_page(answer: Json, now: datetime) -> list[str]:
    rows = [
        (spoken(item["at"], now), item["run"], size(item["read"]), size(item["added"]), _backup_words(item))
        for item in answer["backups"]
    ]
    head = ("WANN", "SICHERUNG", "UMFANG", "NEU GESPEICHERT", "ZUSTAND")
    lines = table([head, *rows]) if rows else ["Noch keine Sicherung. Sofort sichern: `upkeep backup`."]
    lines.insert(0, f"{answer['stack']}: {plain(answer['repository'])}")
    problems = [*answer["strange"], *(text for key in ("overdue", "problem") if (text := answer.get(key)))]
    return lines + [f"Achtung: {plain(text)}" for text in problems]


def deliveries_page(answer: Json) -> list[str]:
    return [plain(f"{item['way']}: {item['problem'] or 'angekommen'}") for item in answer["deliveries"]]


def watch_page(answer: Json, now: datetime) -> list[str]:
    """What stands, and who could not be told."""
    stands = [f"ALARM {alarm['title']}{_since(alarm, now)}: {alarm['text']}" for alarm in answer["alarms"]]
    sent = [f"Gemeldet: {title}" for title in answer["sent"]]
    lines = [*stands, *sent, *(f"Nicht zugestellt: {problem}" for problem in answer["undelivered"])]
    head = f"{len(stands)} Alarm{'e' if len(stands) > 1 else ''}" if stands else "kein Alarm"
    return [f"{answer['stack']}: {head}", *map(plain, lines)]


def _since(alarm: Json, now: datetime) -> str:
    """Nothing for one that nobody knows of yet."""
    return f" (gemeldet {spoken(alarm['since'], now)})" if alarm["since"] else ""


def _backup_words(item: Json) -> str:
    return "bewiesen" if item["proven"] else "vollständig" if item["complete"] else "unvollständig, zählt nicht"


def size(count: int) -> str:
    """Bytes as „412 KB“, „1,3 MB“ or „2,5 GB“."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= step:
            return f"{count / step:.1f} {unit}".replace(".", ",")
    return f"{-(-count // 1024)} KB"


def run_page(report: Json) -> list[str]:
    """How a run ended: the verdict, and for a bad end the reason and the last lines of the application."""
    result, message = str(report.get("result")), plain(report.get("message") or "")
    verdict = "" if result == "unchanged" else f"{OPERATIONS.get(report['operation'])} {RESULTS.get(result, result)}. "
    lines = [f"{report['stack']}: {verdict}{message}"]
    if report.get("reason") and str(report["reason"]) not in message:
        lines.append(f"  Grund: {plain(report['reason'])}")
    if result in ("failed", "rolled_back") and report.get("last_logs"):
        lines += ["  Letzte Zeilen der Anwendung:", *(f"    {plain(line)}" for line in report["last_logs"][-10:])]
    return lines


def plan_page(stack: str, plan: Json) -> list[str]:
    verdict = "würde sich ändern" if plan["changed"] else "nichts zu tun"
    steps = [f"  {number}. {plain(step)}" for number, step in enumerate(plan.get("steps") or [], 1)]
    return [f"{stack}: {verdict}. {plain(plan.get('message') or '')}".rstrip(), *steps]
