"""Phase pull: every image by digest, before anything is touched."""

from __future__ import annotations

from dataclasses import replace

from upkeep.memory import state
from upkeep.runs.run import Run

START, END = 10, 48


def pull(run: Run) -> str:
    images = run.plan.images
    missing = [image for image in images.all if run.ports.docker.image(image) is None] if images else []
    if missing:
        _claim(run, missing)
    share = (END - START) / max(1, len(missing))
    for number, image in enumerate(missing):
        begin = START + number * share

        def progress(percent: int, message: str, begin: float = begin) -> None:
            run.say(message, int(begin + share * percent / 100))

        run.ports.docker.pull(image, progress, run.policy.update.pull_timeout)
    return f"{len(missing)} geladen" if missing else "alle schon da"


def _claim(run: Run, images: list[str]) -> None:
    """What is fetched for a run belongs to the stack from now on: if the run fails, the next prune finds it."""
    known = state.load(run.paths)
    run.remember(replace(known, owned=tuple(dict.fromkeys((*known.owned, *images)))))
