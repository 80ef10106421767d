"""Is the stack well right now? Looks live at everything users depend on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upkeep import room
from upkeep.composition import GATE
from upkeep.errors import UpkeepError
from upkeep.gate import maintenance
from upkeep.layout import StackPaths
from upkeep.memory import audit, state
from upkeep.memory.release import Release
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.docker import Container, by_service
from upkeep.ports.mongo import PORT as MONGODB_PORT
from upkeep.ports.probe import Answer

PROBE_TIMEOUT = 5.0


@dataclass(frozen=True)
class Check:
    """One thing that is well or not; `observed` and `limit` in the operator's words."""

    name: str
    ok: bool
    observed: str
    limit: str


def health(paths: StackPaths, ports: Ports) -> dict[str, Any]:
    """{"healthy", "checks"}; what cannot even be looked at is a failed check, not an error."""
    try:
        checks = _checks(paths, ports)
    except UpkeepError as exc:
        checks = [Check("upkeep", False, str(exc), "prüfbar")]
    return {"healthy": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}


def _checks(paths: StackPaths, ports: Ports) -> list[Check]:
    policy = policies.read(paths.policy_file, paths.name)
    known = state.load(paths)
    if known.release is None:
        return [Check("release", False, "noch nicht ausgerollt", "ausgerollt")]
    containers = by_service(ports.docker.containers(paths.name))
    checks = [_slot(slot, containers.get(slot), policy, known.release, ports) for slot in policy.app.slot_names]
    checks += [_service(item, ports) for name, item in containers.items() if item.role not in ("app", "gate")]
    checks += [_gate(paths, policy, ports, containers.get(GATE)), _open(paths), _disk(paths, policy, ports)]
    checks.append(_audit(paths))
    return checks


def _slot(slot: str, item: Container | None, policy: Policy, expected: Release, ports: Ports) -> Check:
    limit = f"HTTP 200 als {expected.label}"
    if item is None or not item.running or not item.address:
        return Check(slot, False, f"Container {item.state}" if item else "kein Container", limit)
    if item.digest != expected.digest:
        return Check(slot, False, f"anderes Abbild: {item.digest}", limit)
    answer = ports.probe.get(item.address, policy.app.port, policy.app.health_path, PROBE_TIMEOUT)
    return Check(slot, answer.status == 200, f"{answer}{_complaints(answer)}", limit)


def _complaints(answer: Answer) -> str:
    """What the app itself reports as not ok."""
    checks = (answer.document or {}).get("checks")
    if not isinstance(checks, dict):
        return ""
    bad = (f"{name}: {check.get('status')}" for name, check in checks.items() if isinstance(check, dict))
    shown = ", ".join(text for text in bad if not text.endswith(": ok"))
    return f" ({shown})" if shown else ""


def _service(item: Container, ports: Ports) -> Check:
    if not item.running or not item.address:
        return Check(item.service, False, f"Container {item.state}", "läuft")
    if item.role == "database" and not ports.probe.connects(item.address, MONGODB_PORT, PROBE_TIMEOUT):
        return Check(item.service, False, "nimmt keine Verbindung an", f"Port {MONGODB_PORT} offen")
    return Check(item.service, True, "läuft", "läuft")


def _gate(paths: StackPaths, policy: Policy, ports: Ports, item: Container | None) -> Check:
    gate = ports.gate(paths)
    if item is None or not item.running or not gate.answers():
        return Check("gate", False, f"Container {item.state}" if item else "kein Container", "läuft und antwortet")
    slots = policy.app.slot_names  # besides them there may be a server that only a run uses
    down = [server.name for server in gate.servers() if server.name in slots and not server.up]
    return Check("gate", not down, f"nicht erreichbar: {', '.join(down)}" if down else "läuft", "alle Slots erreichbar")


def _open(paths: StackPaths) -> Check:
    notice = maintenance.load(paths).notice
    return Check("maintenance", notice is None, f"an: {notice.owner}" if notice else "aus", "aus")


def _audit(paths: StackPaths) -> Check:
    chain = audit.verify(paths)
    return Check("audit", chain.problem is None, chain.problem or f"{chain.lines} Zeilen", "lückenlos")


def _disk(paths: StackPaths, policy: Policy, ports: Ports) -> Check:
    places = (Path(ports.docker.host().root_directory), paths.data)
    free = min(room.free(ports.files, place) for place in places)
    least = policy.update.minimum_free_mb
    return Check("disk", free >= least, f"{free} MB frei", f"mindestens {least} MB")
