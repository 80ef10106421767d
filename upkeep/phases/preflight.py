"""Phase preflight: everything that can be known to go wrong is said here, before anything is touched."""

from __future__ import annotations

import stat
from pathlib import Path

from upkeep import composition, room
from upkeep.composition import GATE, Composition
from upkeep.errors import GateFailed, PolicyInvalid, Refused
from upkeep.gate import files as gate_files
from upkeep.phases.decide import copy_files
from upkeep.phases.hooks import check_programs
from upkeep.plans.plan import GateChange
from upkeep.ports.compose import Project
from upkeep.ports.containers import Container, running_of
from upkeep.runs.run import Run

UNPACKED = 3  # an image takes about three times its compressed size, while it is fetched and unpacked


def preflight(run: Run) -> str:
    keep_gate_files(run)
    copy_files(run, run.record.id, run.plan.source)
    check_unchanged(run)
    compose = composition.read(run.snapshot.compose_file, run.paths.home)
    containers = run.ports.docker.containers(run.paths.name)
    run.record.replaced = [item.id for item in containers if item.role == "app"]
    run.record.replaced_gates = [item.id for item in containers if item.service == GATE]
    check_slots(run, compose)
    check_version_label(run)
    check_architecture(run)
    check_secrets(run, compose)
    check_programs(run)
    free = check_disk(run)
    check_volumes(run, compose)
    check_ports(run, containers)
    check_compose(run)
    check_gate(run, containers)
    return f"{free} MB frei"


def keep_gate_files(run: Run) -> None:
    """A release of the version before has no gate files of its own: those in use are what it ran with."""
    if run.plan.release and run.plan.release.snapshot:
        snapshot = run.snapshot_before
        gate_files.copy(gate_files.of_release(run.paths, snapshot), snapshot.gate_directory, run.ports.files)


def check_unchanged(run: Run) -> None:
    """Ansible may have placed other files since the plan was made; what is applied must be what was planned."""
    planned = run.plan.hashes.get("files") if run.plan.source is None else None
    if planned and planned != composition.files_hash(run.snapshot.compose_file, run.snapshot.policy_file):
        raise Refused(
            "compose.yml oder stack.yml wurden während des Laufs geändert",
            next_step=f"Wenn das Playbook fertig ist: `upkeep deploy {run.paths.name}` wiederholen.",
        )


def check_slots(run: Run, compose: Composition) -> None:
    wanted = set(run.policy.app.slot_names)
    present = {name for name, body in compose.services.items() if _role(body) == "app"}
    if wanted != present:
        raise PolicyInvalid(
            "compose.yml und stack.yml passen nicht zusammen: Slots",
            observed=", ".join(sorted(present)) or "keine",
            limit=", ".join(sorted(wanted)),
            next_step="`ansible-playbook playbooks/site.yml` ausführen.",
        )


def _role(body: dict[str, object]) -> str | None:
    labels = body.get("labels") or {}
    if isinstance(labels, dict):
        return str(labels.get("upkeep.role"))
    pairs = (str(item).partition("=") for item in (labels if isinstance(labels, list) else ()))
    return next((value for key, _, value in pairs if key == "upkeep.role"), None)


def check_version_label(run: Run) -> None:
    target = run.plan.target
    if run.policy.app.version_path and target and run.plan.new_digest and not target.version:
        raise Refused(
            f"Das Abbild {target.image} trägt keine Version",
            limit="Label org.opencontainers.image.version",
            next_step="Abbild mit dem Label bauen, oder im Inventar version_path auf null setzen.",
        )


def check_architecture(run: Run) -> None:
    host = run.ports.docker.host().architecture
    offered = run.plan.architecture
    if offered and offered != host:
        raise Refused(
            f"{run.plan.target.image if run.plan.target else ''} ist für einen anderen Prozessor",
            observed=offered,
            limit=host,
            next_step="Ein Abbild für diesen Host veröffentlichen.",
        )


def check_secrets(run: Run, compose: Composition) -> None:
    needed = {file for service in compose.services for file in compose.mounted_files(service)}
    needed |= {file for service in compose.services for file in compose.environment_files(service)}
    mongodb = run.policy.mongodb
    if mongodb:
        needed |= {mongodb.root_password_file, mongodb.keyfile, *(user.password_file for user in mongodb.users)}
    for file in sorted(needed):
        refuse_unreadable(file)
    for service, body in compose.services.items():
        for file in compose.mounted_files(service):
            refuse_unreadable_for(service, body, file)


def refuse_unreadable(file: Path) -> None:
    try:
        empty = not file.read_bytes().strip()
    except OSError as exc:
        raise _secret_problem(file, exc.strerror or type(exc).__name__) from exc
    if empty:
        raise _secret_problem(file, "leer")


def refuse_unreadable_for(service: str, body: dict[str, object], file: Path) -> None:
    """Whether the service's numeric user may read it; names are only known inside the image."""
    uid, _, gid = str(body.get("user") or "").partition(":")
    if not (uid.isdigit() and gid.isdigit()) or uid == "0":
        return
    status = file.stat()
    owner = status.st_uid == int(uid) and status.st_mode & stat.S_IRUSR
    group = status.st_gid == int(gid) and status.st_mode & stat.S_IRGRP
    if not (owner or group or status.st_mode & stat.S_IROTH):
        raise _secret_problem(
            file,
            f"Modus {stat.S_IMODE(status.st_mode):04o}, Besitzer {status.st_uid}:{status.st_gid}",
            f"lesbar für {service} ({uid}:{gid})",
        )


def _secret_problem(file: Path, observed: str, limit: str = "lesbare Datei mit Inhalt") -> Refused:
    return Refused(
        f"Das Geheimnis {file} ist nicht lesbar",
        observed=observed,
        limit=limit,
        next_step="`make secrets` und danach `ansible-playbook playbooks/site.yml` ausführen.",
    )


def check_disk(run: Run) -> int:
    """Room for the image where Docker keeps them, and for the journal where the agent keeps that."""
    least = run.policy.update.minimum_free_mb
    needed = least + UNPACKED * run.plan.size_bytes // room.MEGABYTE
    return min(
        _enough_room(run, Path(run.ports.docker.host().root_directory), needed),
        _enough_room(run, run.paths.data, least),
    )


def _enough_room(run: Run, place: Path, needed: int) -> int:
    advice = "Platz schaffen (`docker system df` zeigt, was belegt ist) und erneut versuchen."
    return room.demand(run.ports.files, place, needed, "Zu wenig Platz auf der Platte", advice)


def check_ports(run: Run, containers: tuple[Container, ...]) -> None:
    """A published port that somebody else holds would keep the gate from starting."""
    ours = {port for item in containers if item.running for port in item.ports}
    ours |= set((run.record.takeover or {}).get("ports", ()))
    for published in run.policy.published:
        port = published.host_port
        if port in ours or not run.ports.sockets.taken(published.bind, port):
            continue
        holders = ", ".join(run.ports.docker.publishers(port))
        raise Refused(
            f"Der Port {port} ist schon belegt",
            observed=f"Container {holders}" if holders else "ein anderes Programm",
            limit=f"frei auf {published.bind}",
            next_step=f"Nachsehen mit `ss -ltnp 'sport = :{port}'`; Programm beenden oder anderen Port wählen.",
        )


def check_volumes(run: Run, compose: Composition) -> None:
    """Two applications on the same data would ruin them."""
    leaving = {run.paths.name, (run.record.takeover or {}).get("project")}
    for body in (compose.document.get("volumes") or {}).values():
        name = (body or {}).get("name")
        users = run.ports.neighbours.users(name) if name else {}
        others = sorted(container for container, project in users.items() if project not in leaving)
        if others:
            raise Refused(
                f"Das Volume {name} benutzt schon jemand anderes",
                observed=f"Container {', '.join(others)}",
                next_step="Ein laufendes Compose-Projekt übernimmt das Playbook adopt.yml "
                f"(`-e stack={run.paths.name} -e project={users[others[0]] or '…'}`).",
            )


def check_compose(run: Run) -> None:
    """compose itself reads the file, with the images to come, while nothing depends on it yet."""
    images = run.plan.images
    if images is None:
        return
    candidate = run.snapshot.directory / "release.env"
    run.ports.files.write(candidate, images.render())
    run.ports.compose.validate(Project(run.paths.name, run.paths.home, candidate, run.snapshot.compose_file))


def check_gate(run: Run, containers: tuple[Container, ...]) -> None:
    gate = running_of(containers, GATE)
    if gate and run.plan.gate is GateChange.NONE and not run.ports.gate(run.paths).answers():
        raise GateFailed(
            "Das Gate läuft, antwortet aber nicht auf seinem Steuersocket",
            observed=str(run.paths.gate_socket),
            next_step=f"Gate neu starten: `docker restart {gate.name}`.",
        )
