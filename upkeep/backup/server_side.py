"""`python -m upkeep.backup.server_side SETTINGS PASSWORDS`: what a server that only takes does with what it has.

For every host whose password it was given: the part whose turn it is is read and compared, and what nobody needs any
more goes, by the rules that hold on a host (`retention`). A snapshot's time is believed only as far as the server's own
disk says the same. Exit code 1 when somebody has to look; of that host nothing was removed then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from upkeep.backup import memory
from upkeep.backup.catalogue import Backup, Catalogue, catalogue, marks_of
from upkeep.backup.memory import PARTS, Memory
from upkeep.backup.retention import superfluous
from upkeep.errors import RepositoryFailed, UpkeepError
from upkeep.layout import Layout, StackPaths
from upkeep.policy.backup import Keep, Target
from upkeep.ports.clock import moment
from upkeep.ports.files import DiskFiles
from upkeep.ports.restic import Restic, ResticProgram, Snapshot

TIMEOUT = 6 * 3600.0
SLACK = timedelta(hours=6)  # a snapshot's time against that of its file: the first upload of much takes long


@dataclass(frozen=True)
class Client:
    """One host that backs up here. `host`: its name in the repository `place`. `young`: nothing of the last so many
    days goes, whatever was added since. `state`: where it is remembered what was read when."""

    name: str
    host: str
    place: Path
    password_file: Path
    state: Path
    keep: Keep
    young: int

    def restic(self) -> ResticProgram:
        """Its address is a file everywhere else, too."""
        self.state.mkdir(parents=True, exist_ok=True)
        address = self.state / "address"
        address.write_text(f"{self.place}\n", encoding="utf-8")
        return ResticProgram(Target(address, self.password_file, self.host), self.state / "cache")

    def paths(self, stack: str) -> StackPaths:
        return Layout(self.state).paths(stack)


def tidy(client: Client, restic: Restic, now: datetime) -> str:
    """What was done, in German. Raises RepositoryFailed when something is wrong."""
    restic.identity()
    restic.unlock()
    snapshots = restic.snapshots()
    known = {stack: catalogue(snapshots, stack, now) for stack in _stacks(snapshots)}
    if wrong := [*_forged(client, snapshots), *(text for one in known.values() for text in one.strange)]:
        raise RepositoryFailed("backup_alarm", "; ".join(wrong))
    part = _check(client, restic, known, now)
    going = [backup for stack, one in known.items() for backup in _going(client, stack, one, now)]
    if going:
        restic.forget([snapshot.id for backup in going for snapshot in backup.snapshots])
        restic.prune(TIMEOUT)
    return f"{part} gelesen, {len(going)} Sicherungen entfernt"


def _stacks(snapshots: tuple[Snapshot, ...]) -> list[str]:
    return sorted({marks_of(snapshot).get("stack", "") for snapshot in snapshots} - {""})


def _forged(client: Client, snapshots: tuple[Snapshot, ...]) -> Iterator[str]:
    """When a file came the server knows itself; the host says the time of a snapshot, and may lie."""
    for snapshot in snapshots:
        if "stack" not in marks_of(snapshot):
            yield f"Schnappschuss {snapshot.id[:8]}: nicht von Upkeep gemacht"
        came = datetime.fromtimestamp((client.place / "snapshots" / snapshot.id).stat().st_mtime, UTC)
        if abs(came - moment(snapshot.time)) > SLACK:
            yield (
                f"Schnappschuss {snapshot.id[:8]} will vom {moment(snapshot.time):%d.%m.%Y %H:%M} UTC sein, "
                f"kam aber am {came:%d.%m.%Y %H:%M} UTC"
            )


def _check(client: Client, restic: Restic, known: dict[str, Catalogue], now: datetime) -> str:
    """All that is due is read in one pass the first time, later a part a day. Damage takes all proof away."""
    remembered = {stack: memory.recall(client.paths(stack)) for stack in known}
    parts = max((one.due(now) for one in remembered.values()), key=len, default=())
    subsets = ("100%",) if len(parts) == PARTS else tuple(f"{part}/{PARTS}" for part in parts) or ("",)
    try:
        for subset in subsets:
            restic.check(subset, TIMEOUT)
    except RepositoryFailed as exc:
        if exc.code == "repository":
            _remember(client, {stack: one.with_problem(str(exc)) for stack, one in remembered.items()})
        raise
    _remember(client, {stack: one.with_checked(parts, now, known[stack]) for stack, one in remembered.items()})
    return f"{len(parts)} von {PARTS} Teilen"


def _remember(client: Client, remembered: dict[str, Memory]) -> None:
    for stack, one in remembered.items():
        memory.remember(client.paths(stack), one, DiskFiles())


def _going(client: Client, stack: str, known: Catalogue, now: datetime) -> list[Backup]:
    """Torn ones too, when they are no longer young: one may just be coming in."""
    remembered, limit = memory.recall(client.paths(stack)), now - timedelta(days=client.young)
    return [backup for backup in superfluous(known, client.keep, remembered, running="") if backup.at < limit]


def clients(settings: Path, passwords: Path) -> Iterator[Client]:
    """As role backup_server wrote them. `passwords`: a directory with one file for each."""
    raw = json.loads(settings.read_text(encoding="utf-8"))
    for item in raw["clients"]:
        name = str(item["name"])
        place, state = Path(raw["path"]) / name, Path(raw["state"]) / name
        password = passwords / name
        yield Client(name, str(item["host"]), place, password, state, Keep(**item["keep"]), int(item["young"]))


def main(settings: str, passwords: str) -> int:
    """One host's trouble is not another's."""
    good = True
    for client in clients(Path(settings), Path(passwords)):
        try:
            print(f"{client.name}: {tidy(client, client.restic(), datetime.now(UTC))}", flush=True)
        except UpkeepError as exc:
            good = False
            print(f"{client.name}: {exc}", file=sys.stderr, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
