"""What a trial proves: everything counted is as the manifest says, the application runs on it and finds it in order."""

from __future__ import annotations

from upkeep import redaction
from upkeep.backup.manifest import Source
from upkeep.drill.page import number
from upkeep.drill.record import notes
from upkeep.drill.scratch import Scratch
from upkeep.errors import BackupUnproven, NotReady
from upkeep.phases.ready import PROBE_TIMEOUT
from upkeep.policy.stack import Policy
from upkeep.ports.containers import Container
from upkeep.ports.programs import PATH
from upkeep.ports.trial_database import Counted
from upkeep.runs.run import Run

DATABASE = "Datenbank"
APPLICATION = "Anwendung"
INTERVAL = 0.5
PATIENCE = 120.0  # seconds at least: it starts beside everything else
LOGS = 20


def compare_database(run: Run, source: Source, counted: tuple[Counted, ...]) -> str:
    """Every collection's documents and indexes. Raises BackupUnproven after all were looked at."""
    there = {item.namespace: item for item in counted}
    wanted = [item for item in source.facts.get("collections", ()) if _comes_back(item)]
    for item in wanted:
        _compare(run, item, there.get(f"{item['database']}.{item['name']}"))
    more = sorted(set(there) - {f"{item['database']}.{item['name']}" for item in wanted})
    for name in more:
        notes(run).found(DATABASE, name, "nicht vorhanden", f"{number(there[name].documents)} Dokumente", False)
    _refuse_bad(run, DATABASE, "Die Datenbank ist nicht wie in der Sicherung")
    documents = sum(item.documents for item in counted)
    notes(run).tell(documents=documents, collections=len(counted))
    return f"{number(documents)} Dokumente in {len(counted)} Sammlungen"


def _comes_back(item: dict[str, object]) -> bool:
    """Accounts are made from the policy; views hold nothing."""
    return item["kind"] == "collection" and item["database"] != "admin" and not str(item["name"]).startswith("system.")


def _compare(run: Run, item: dict[str, object], found: Counted | None) -> None:
    indexes = sorted(str(name) for name in item["indexes"])  # type: ignore[attr-defined]
    wanted = f"{number(item['documents'])} Dokumente, {len(indexes)} Indexe"
    if found is None:
        told, good = "fehlt", False
    else:
        told = f"{number(found.documents)} Dokumente, {len(found.indexes)} Indexe"
        good = (found.documents, list(found.indexes)) == (item["documents"], indexes)
    notes(run).found(DATABASE, f"{item['database']}.{item['name']}", wanted, told, good)


def await_application(run: Run, saved: Policy, service: str) -> str:
    """As the version that was saved, several times in a row, and the page its users see first."""
    clock, streak, last = run.ports.clock, 0, "noch kein Container"
    limit = max(PATIENCE, saved.update.ready_timeout)
    deadline = clock.monotonic() + limit
    while streak < saved.update.ready_count:
        if clock.monotonic() > deadline:
            raise _not_ready(run, service, last, limit)
        found = _container(run, service)
        last = _problem(run, saved, found) or ""
        streak = 0 if last else streak + 1
        if found is not None and found.at_rest:
            raise _not_ready(run, service, last, limit)
        clock.sleep(INTERVAL)
    _smoke(run, saved, service)
    version = (notes(run).fact("release") or {}).get("version")
    notes(run).found(
        APPLICATION, "startet auf den zurückgeholten Daten", f"Version {version or '?'} bereit", "bereit", True
    )
    return "bereit"


def _container(run: Run, service: str) -> Container | None:
    listed = run.ports.docker.containers(Scratch(run.paths).name)
    return next((item for item in listed if item.service == service), None)


def _problem(run: Run, saved: Policy, found: Container | None) -> str | None:
    if found is None:
        return "kein Container"
    if not found.running or not found.address:
        return f"Container {found.state}, {found.told_exit}"
    answer = run.ports.probe.get(found.address, saved.app.port, saved.app.health_path, PROBE_TIMEOUT)
    if answer.status != 200:
        return str(answer)
    wanted = (notes(run).fact("release") or {}).get("version")
    if saved.app.version_path == saved.app.health_path and wanted and answer.version != wanted:
        return f"meldet Version {answer.version or 'keine'} statt {wanted}"
    return None


def _smoke(run: Run, saved: Policy, service: str) -> None:
    found = _container(run, service)
    if saved.app.smoke_path is None or found is None or not found.address:
        return
    answer = run.ports.probe.get(found.address, saved.app.port, saved.app.smoke_path, PROBE_TIMEOUT)
    good = answer.status is not None and answer.status < 400
    notes(run).found(APPLICATION, f"Startseite {saved.app.smoke_path}", "HTTP 200", str(answer), good)
    _refuse_bad(run, APPLICATION, "Die Anwendung läuft auf der Sicherung nicht richtig")


def _not_ready(run: Run, service: str, last: str, limit: float) -> NotReady:
    found = _container(run, service)
    hidden = redaction.secrets(run.paths.secrets)
    lines = run.ports.docker.logs(found.id, LOGS) if found else ()
    run.record.last_logs = [redaction.redacted(f"{service}: {line}", hidden) for line in lines]
    notes(run).found(APPLICATION, "startet auf den zurückgeholten Daten", "bereit", last, False)
    return NotReady(f"Die Anwendung startet auf der Sicherung nicht (zuletzt {last})", limit=f"bereit in {limit:g} s")


def run_check(run: Run, service: str) -> str:
    """The application's own verdict on its data, in its container."""
    assert run.policy.backup is not None  # noqa: S101 - the phase is only then
    check, found = run.policy.backup.drill.check, _container(run, service)
    assert check is not None  # noqa: S101
    assert found is not None  # noqa: S101 - it was ready
    argv = ("docker", "exec", found.id, *check.command)
    ended = run.ports.programs.run(argv, {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}, check.timeout)
    said = redaction.last_lines(ended.output, redaction.secrets(run.paths.secrets))
    told = said[-1] if said else "ohne Ausgabe"
    if ended.exit_code is None:
        told = f"nach {check.timeout:g} s nicht fertig"
    notes(run).tell(check=said)
    notes(run).found(
        APPLICATION,
        f"eigene Prüfung „{' '.join(check.command)}“",
        "Ende-Code 0",
        f"Ende-Code {ended.exit_code}: {told}",
        ended.exit_code == 0,
    )
    _refuse_bad(run, APPLICATION, "Die Anwendung findet ihre Daten nicht in Ordnung")
    return told


def _refuse_bad(run: Run, group: str, what: str) -> None:
    bad = [item for item in notes(run).findings if item.group == group and item.good is False]
    if bad:
        first = bad[0]
        raise BackupUnproven(
            f"{what}: {first.name}",
            observed=first.found,
            limit=first.wanted,
            next_step="Alle Befunde stehen im Bericht. Eine ältere Sicherung prüfen und sofort neu sichern.",
        )
