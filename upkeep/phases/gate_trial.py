"""Phase trial: HAProxy of the image to come reads the configuration to come, before anything depends on either."""

from __future__ import annotations

from upkeep.errors import Refused
from upkeep.gate import maintenance
from upkeep.plans.plan import GateChange
from upkeep.ports.errand import Errand, Mount
from upkeep.runs.run import Run

HOME = "/usr/local/etc/haproxy"
TIMEOUT = 30.0


def try_gate(run: Run) -> str:
    """Raises Refused with HAProxy's own words. The gate that runs never sees the files."""
    images = run.plan.images
    if run.plan.gate is GateChange.NONE or images is None:
        return "unverändert"
    maintenance.ensure_maps(run.paths, run.ports)
    code, output = run.ports.docker.errand(_errand(run, images.gate), TIMEOUT)
    if code != 0:
        raise Refused(
            "Die neue Gate-Konfiguration ist ungültig",
            observed=" · ".join(line for line in output.splitlines()[-3:]),
            next_step="Inventar korrigieren und das Playbook erneut ausführen.",
        )
    return "gültig"


def _errand(run: Run, image: str) -> Errand:
    return Errand(
        name=f"{run.paths.name}-trial-{run.record.id}",
        run=run.record.id,
        image=image,
        argv=("haproxy", "-c", "-f", f"{HOME}/haproxy.cfg"),
        mounts=(Mount(run.snapshot.gate_directory, HOME), Mount(run.paths.maps, "/maps")),
    )
