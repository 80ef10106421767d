"""What can go wrong, as types. Texts are German: what failed, what was observed, the limit, the next step."""

from __future__ import annotations

from typing import Any


class UpkeepError(Exception):
    """Base of every error an operator may see. `code` is for programs, `str()` for people."""

    code = "failed"

    def __init__(
        self, what: str, *, observed: object = None, limit: object = None, next_step: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.observed = observed
        self.limit = limit
        self.next_step = next_step

    def __str__(self) -> str:
        facts = [f"gefunden: {self.observed}" if self.observed is not None else ""]
        facts.append(f"erwartet: {self.limit}" if self.limit is not None else "")
        inside = "; ".join(fact for fact in facts if fact)
        sentence = f"{self.what} ({inside})" if inside else self.what
        if sentence[-1] not in ".!?“":
            sentence += "."
        return f"{sentence} {self.next_step}" if self.next_step else sentence


class Refused(UpkeepError):
    """Said no before anything was touched."""

    code = "refused"


class PolicyInvalid(Refused):
    """stack.yml asks for something impossible, or for something this version cannot do."""

    code = "policy"


class UnknownStack(Refused):
    code = "unknown_stack"


class UnknownRun(Refused):
    code = "unknown_run"


class UnknownBackup(Refused):
    """The repository has no such backup of this stack, or none that came to its end."""

    code = "unknown_backup"


class BadRequest(Refused):
    code = "bad_request"


class NotAdmitted(Refused):
    """The web door does not open for this. `code`: ticket_invalid (nobody we know signed it), ticket_expired,
    ticket_early, ticket_used, ticket_other (good, but for something else), origin, door_closed, too_many."""

    def __init__(self, code: str, what: str, **facts: Any) -> None:
        super().__init__(what, **facts)
        self.code = code


class Busy(UpkeepError):
    """Another run holds the stack's lock. `running`: {id, operation, starter, started_at}."""

    code = "busy"

    def __init__(self, what: str, running: dict[str, object], next_step: str | None = None) -> None:
        super().__init__(what, next_step=next_step)
        self.running = running


class NotReady(UpkeepError):
    """A slot, the gate or the database did not become ready in time."""

    code = "not_ready"


class BakeFailed(UpkeepError):
    """The new release was ready, and did not stay well while it served."""

    code = "bake"


class ImageMissing(Refused):
    """The registry knows no such image."""

    code = "image_missing"


class DiskFailed(UpkeepError):
    code = "disk"


class DockerFailed(UpkeepError):
    code = "docker"


class ComposeFailed(UpkeepError):
    code = "compose"


class GateFailed(UpkeepError):
    code = "gate"


class RegistryFailed(UpkeepError):
    code = "registry"


class DatabaseFailed(UpkeepError):
    code = "database"


class RepositoryFailed(UpkeepError):
    """A backup could not be written, read or proven. `code`: repository_missing, repository_locked,
    repository_password, repository_full, repository_unreachable, repository_slow, repository_address,
    repository_append_only, restic_missing, source_unreadable, manifest, manifest_newer, backup_damaged, or repository
    for whatever else restic says."""

    def __init__(self, code: str, what: str, **facts: Any) -> None:
        super().__init__(what, **facts)
        self.code = code


class BackupUnproven(UpkeepError):
    """A trial restore brought back something that does not work, or is not what was saved."""

    code = "backup_unproven"


class NotifyFailed(UpkeepError):
    """Somebody could not be told."""

    code = "notify"


class ExportFailed(UpkeepError):
    """A file of an export could not be written, or is not what was written."""

    code = "export"


class ProgramFailed(UpkeepError):
    """A program of the host could not be started."""

    code = "program"


class MigrationFailed(UpkeepError):
    """The data was not brought to the new release, or nobody knows whether it was."""

    code = "migration"


class JournalCorrupt(UpkeepError):
    code = "journal"


class JournalTooNew(JournalCorrupt):
    """Not damaged: a newer agent wrote it. It stays where it is, and nothing new begins until that agent is back."""
