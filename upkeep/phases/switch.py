"""Phase switch, the point of no undoing: release.env names the new images; services the app needs come up."""

from __future__ import annotations

from dataclasses import replace

from upkeep.gate import maintenance
from upkeep.memory import release, state
from upkeep.phases.database import bring_up, set_accounts
from upkeep.runs.run import Run


def switch(run: Run) -> str:
    name_images(run)
    if run.plan.services:
        bring_up(run, run.project(), run.policy, run.plan.services)
    if run.plan.accounts:
        set_accounts(run, run.policy)
    return ", ".join(run.plan.services)


def name_images(run: Run) -> str:
    """release.env says what compose is to start from now on, and a gate finds the maps without which none starts."""
    images = run.plan.images
    if images:
        known = state.load(run.paths)
        owned = tuple(dict.fromkeys((*known.owned, *images.all)))
        written = release.write(run.paths, images, run.ports.files)
        run.remember(replace(known, images=images, env_hash=written, owned=owned))
    maintenance.ensure_maps(run.paths, run.ports)
    return ""
