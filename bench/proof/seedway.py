"""The way of the first seed, behind the same gate: pull the tag, then recreate the containers."""

from __future__ import annotations

import asyncio

from bench.ground import STACK
from bench.proof.quiet import told
from bench.proof.stage import HOST, NEW, OLD, SLOTS, Stage
from bench.proof.stretch import Stretch
from workshop.progress import say

TIMES = 4
REST_SECONDS = 10.0  # after each, so that the application starts and requests that hang run into their time limit
HOME = f"/srv/upkeep/{STACK}"
ENVIRONMENT = "/run/seed.env"
SLOT_NAMES = tuple(f"app-{number}" for number in range(1, SLOTS + 1))


def follow(stage: Stage, rate: int, times: int = TIMES) -> Stretch:
    """The agent has no part in it; afterwards compose puts back what the agent had written down."""
    channel = f"{stage.ground.bed.registry}/{stage.ground.name}/lager:stable"
    rewrite = f"sed 's#^UPKEEP_APP_IMAGE=.*#UPKEEP_APP_IMAGE={channel}#' {HOME}/release.env > {ENVIRONMENT}"
    stage.on("sh", "-c", rewrite)

    async def recreating() -> None:
        await asyncio.sleep(1)
        for turn in range(times):
            await asyncio.to_thread(stage.ground.offer, OLD if turn % 2 else NEW)
            await asyncio.to_thread(stage.on, *compose(ENVIRONMENT), "pull", "--quiet", *SLOT_NAMES)
            await asyncio.to_thread(stage.on, *compose(ENVIRONMENT), "up", "-d", "--force-recreate", *SLOT_NAMES)
            await asyncio.sleep(REST_SECONDS)

    try:
        stretch = stage.stretch(rate, recreating)
    finally:
        stage.ground.offer(OLD)
        stage.on(*compose(f"{HOME}/release.env"), "up", "-d", "--force-recreate", *SLOT_NAMES)
    say(f"  {times}-mal pull und up --force-recreate auf {HOST}: {told(stretch)}; {stretch.outcomes}")
    return stretch


def compose(environment: str) -> list[str]:
    files = ["--project-name", STACK, "--project-directory", HOME, "--env-file", environment]
    return ["docker", "compose", *files, "-f", f"{HOME}/compose.yml"]
