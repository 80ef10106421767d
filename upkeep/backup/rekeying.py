"""The phases that give the repository another password. Ansible has put it beside the one in use.

At every moment the password in use opens the repository: the new one is added and tried before it takes the old one's
place, and only then the old one's key goes. What is left to do is seen from the files, whoever was killed when. Before
the first backup there is no key to change: the repository will be made with the password in use.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from upkeep.backup import memory
from upkeep.backup.repository import never_made, of_policy, of_stack, open_repository, opened, repository
from upkeep.errors import RepositoryFailed
from upkeep.layout import StackPaths
from upkeep.memory.journal import Result
from upkeep.policy import stack as policies
from upkeep.policy.backup import BackupPolicy
from upkeep.ports import Ports
from upkeep.ports.restic import Restic
from upkeep.runs.run import Run

NEXT, OLD = "-next", "-old"  # beside the password in use
SHEET = "Das Wiederherstellungsblatt gilt nicht mehr, neu drucken: `upkeep recovery-sheet {stack}`."
STAYS = "Der Schlüssel {key} zum alten Passwort gilt noch"
REMOVED = "altes Passwort entfernt"
NONE_YET = "noch keines"
FIRST = "An {place} liegt noch kein Repository; die erste Sicherung legt es mit dem Passwort an, das dann gilt."


def rekey(run: Run) -> None:
    run.phase("repository", "Sicherungsziel wird geöffnet", 3, _open)
    if _details(run)["repository"] == NONE_YET:
        return _before_the_first(run)
    run.phase("add", "Neues Passwort kommt zum Sicherungsziel", 30, _add)
    run.phase("swap", "Neues Passwort wird geprüft und übernommen", 60, _swap)
    run.phase("retire", "Altes Passwort wird entfernt", 80, _retire)
    details = _details(run)
    left = f" {details['retire']}." if details["retire"] not in ("", REMOVED) else ""
    if not details["add"]:
        return run.finish(Result.UNCHANGED, f"Das Passwort des Sicherungsziels ist schon das gewünschte.{left}")
    told = f"Das Sicherungsziel hat ein neues Passwort. {SHEET.format(stack=run.paths.name)}{left}"
    return run.finish(Result.UPDATED, told)


def foreseen(paths: StackPaths, ports: Ports) -> tuple[tuple[str, ...], str]:
    """Steps and what they are about. The password itself is not there yet when a playbook only looks."""
    restic, password = of_stack(paths, ports), _in_use(of_policy(policies.read(paths.policy_file, paths.name)))
    try:
        restic.identity()
    except RepositoryFailed as exc:
        if never_made(exc, memory.recall(paths)):
            return (), FIRST.format(place=restic.shown)
        raise
    asides = ((NEXT, "Neues Passwort übernehmen"), (OLD, "Altes Passwort entfernen"))
    steps = tuple(step for ending, step in asides if _beside(password, ending).exists())
    return steps, f"Gemeint ist {restic.shown}."


def _open(run: Run) -> str:
    try:
        return open_repository(run)
    except RepositoryFailed as exc:
        if never_made(exc, memory.recall(run.paths)):
            return NONE_YET
        raise


def _before_the_first(run: Run) -> None:
    run.phase("take", "Neues Passwort wird übernommen", 60, _take)
    result = Result.UPDATED if _details(run)["take"] else Result.UNCHANGED
    run.finish(result, FIRST.format(place=opened(run).shown))


def _take(run: Run) -> str:
    password = _password(run)
    new, files = _beside(password, NEXT), run.ports.files
    if not new.exists():
        return ""
    files.write(password, _text(new), 0o400)
    files.remove(new)
    return "übernommen"


def _add(run: Run) -> str:
    new = _beside(_password(run), NEXT)
    if not new.exists() or _text(new) == _text(_password(run)):
        return ""
    if _key(run, new) is None:
        opened(run).add_key(new)
    return "öffnet es"


def _swap(run: Run) -> str:
    """The one before is kept until its key is gone."""
    password = _password(run)
    new, files = _beside(password, NEXT), run.ports.files
    if not new.exists():
        return ""
    wanted, before = _text(new), _text(password)
    if wanted != before:
        _of(run, new).identity()
        files.write(_beside(password, OLD), before, 0o400)
        files.write(password, wanted, 0o400)
    files.remove(new)
    return "übernommen"


def _retire(run: Run) -> str:
    """What stays is said: a server that only takes removes no key, and another stack may still need it."""
    password = _password(run)
    old = _beside(password, OLD)
    if not old.exists():
        return ""
    key = _key(run, old) if _text(old) != _text(password) else None
    if key and (why := _needed(run, _text(old))):
        return f"{STAYS.format(key=key[:8])}: {why}"
    if key:
        opened(run).remove_key(key)
    run.ports.files.remove(old)
    return REMOVED if key else ""


def _details(run: Run) -> dict[str, str]:
    return {phase.name: phase.detail for phase in run.record.phases}


def _needed(run: Run, old: str) -> str:
    if of_policy(run.policy).target.append_only:
        return "Dieses Ziel lässt nichts entfernen, nur der Sicherungsserver selbst kann es (docs/sichern.md)"
    others = run.paths.home.parent.glob(f"*/secrets/{_password(run).name}")
    users = [place.parts[-3] for place in others if place != _password(run) and _text(place) == old]
    return f"{', '.join(sorted(users))} sichert damit" if users else ""


def _key(run: Run, password: Path) -> str | None:
    """The key that this password opens."""
    try:
        return _of(run, password).key()
    except RepositoryFailed as exc:
        if exc.code == "repository_password":
            return None
        raise


def _of(run: Run, password: Path) -> Restic:
    policy = of_policy(run.policy)
    target = replace(policy.target, password_file=password)
    return repository(run.paths, run.ports, replace(policy, target=target))


def _password(run: Run) -> Path:
    return _in_use(of_policy(run.policy))


def _in_use(policy: BackupPolicy) -> Path:
    return policy.target.password_file


def _beside(password: Path, ending: str) -> Path:
    return password.with_name(password.name + ending)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
