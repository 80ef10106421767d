"""Broken releases and broken surroundings: the old release goes on serving, and the report says why."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.matrix.grounds import GOOD, Ground
from tests.faults.matrix.lane import Lane
from tests.faults.matrix.own_registry import NAME, OwnRegistry
from tests.faults.matrix.scenes import RECREATE, ROLLING, UGLY, Scene
from tests.faults.matrix.steps import BACK
from tests.faults.versions import versions_of

CRASH, NEVER, FADES, GREEDY, LIAR = "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0"
FOREIGN, TORN = "2.6.0", "2.7.0"
IMAGES = {CRASH: "crash", NEVER: "sick", FADES: "fading", GREEDY: "greedy", LIAR: "liar"}
UNIQUE = """FROM {image}
USER 0:0
RUN head -c 4096 /dev/urandom > /unique
USER 7310:7310
LABEL org.opencontainers.image.version={version}
"""
BEFORE, AFTER, BAKING = "vor dem Umschalten", "nach dem Umschalten", "in der Beobachtung"
Act = Callable[[Lane, OwnRegistry], None]


def nothing(lane: Lane, registry: OwnRegistry) -> None:
    """Neither to break nor to mend."""


@dataclass(frozen=True)
class Fault:
    """`caught`: when it has to be noticed at the latest. `policy`: what the ground needs more. `rend` and `mend` break
    the surroundings for the time of the run; `says`: of the reason; `logs`: the app had something to say. `own`: from
    the own registry."""

    name: str
    title: str
    target: str
    says: str
    caught: str = AFTER
    results: tuple[str, ...] = ("rolled_back",)
    logs: bool = True
    own: bool = False
    policy: tuple[tuple[str, Any], ...] = ()
    update: tuple[tuple[str, Any], ...] = ()
    limits: tuple[tuple[str, Any], ...] = ()
    small_disk: bool = False
    rend: Act = nothing
    mend: Act = nothing

    @property
    def alone(self) -> bool:
        """Whether it breaks what other hosts need too."""
        return self.own

    def scene(self, strategy: str) -> Scene:
        base = RECREATE if strategy == "recreate" else ROLLING
        update = base.update | {"ready_timeout": 15, "bake": 0} | dict(self.update)
        ground = replace(
            base,
            name=f"{strategy}-{self.name}",
            update=update,
            more=base.more | dict(self.policy),
            limits=dict(self.limits),
            registry=NAME if self.own else "",
            small_disk=self.small_disk,
        )
        return Scene(f"{self.name}-{strategy}", self.title, ground, targets=(self.target,), direction=BACK)


def _on_host(*argv: str) -> Act:
    def act(lane: Lane, registry: OwnRegistry) -> None:
        lane.host.run(*argv)

    return act


def _expire(lane: Lane, registry: OwnRegistry) -> None:
    registry.start(login=True)


def _renew(lane: Lane, registry: OwnRegistry) -> None:
    registry.start()


def _off(lane: Lane, registry: OwnRegistry) -> None:
    registry.switch_off()


def _on(lane: Lane, registry: OwnRegistry) -> None:
    registry.switch_on()


def _migration(*script: str, timeout: float = 60) -> tuple[tuple[str, Any], ...]:
    command = ["python3", "-c", "; ".join(script)]
    return (("migration", {"command": command, "timeout": timeout, "compatible": True}),)


FIRST = ("import os, sys, time", f"first = os.environ['VERSION'] == '{GOOD[0]}'")  # the first install may pass
FAILS = _migration(*FIRST, "print('die Spalte Preis fehlt', flush=True)", "sys.exit(0 if first else 3)")
HANGS = _migration(*FIRST, "print('wartet auf eine Sperre', flush=True)", "time.sleep(0 if first else 600)", timeout=3)
PATIENT = (("ready_timeout", 60),)  # it gives up by itself, after so many restarts
TIGHT = (("mem_limit", "64m"), ("memswap_limit", "64m"))
NEARLY_FULL = 'fallocate -l "$(( $(df --output=avail -B1 . | tail -1) - 20000000 ))" ballast'
REFUSED = ("refused", "failed")

FAULTS = (
    Fault("absturz", "stürzt beim Start ab", CRASH, "startet nicht (zuletzt Container", update=PATIENT),
    Fault("nie-bereit", "wird nie bereit", NEVER, "nicht bereit (zuletzt HTTP 503)"),
    Fault("faellt-aus", "bereit, nach 20 s nur noch 500", FADES, "", BAKING, update=(("bake", 30),)),
    Fault(
        "speicher",
        "braucht mehr Speicher, als er darf",
        GREEDY,
        "etwa weil der Speicher nicht reichte",
        limits=TIGHT,
        update=PATIENT,
    ),
    Fault("luege", "meldet eine andere Version, als das Abbild behauptet", LIAR, "meldet Version 0.0.0 statt"),
    Fault("startseite", "gesund, aber die Startseite ist kaputt", UGLY, "aber / nicht (zuletzt HTTP 500)"),
    Fault(
        "prozessor",
        "ist für einen anderen Prozessor",
        FOREIGN,
        "für einen anderen Prozessor",
        BEFORE,
        REFUSED,
        logs=False,
        own=True,
    ),
    Fault(
        "abbild-lueckenhaft",
        "Abbild unvollständig in der Registry",
        TORN,
        "lässt sich nicht laden",
        BEFORE,
        REFUSED,
        logs=False,
        own=True,
    ),
    Fault(
        "registry-aus", "Registry aus", GOOD[1], "nicht erreichbar", BEFORE, REFUSED, False, True, rend=_off, mend=_on
    ),
    Fault(
        "anmeldung",
        "Anmeldung abgelaufen",
        GOOD[1],
        "HTTP 401",
        BEFORE,
        REFUSED,
        False,
        True,
        rend=_expire,
        mend=_renew,
    ),
    Fault("migration-scheitert", "Migration scheitert", GOOD[1], "Migration der Daten ist gescheitert", policy=FAILS),
    Fault("migration-haengt", "Migration hängt", GOOD[1], "nicht fertig und angehalten", policy=HANGS),
    Fault(
        "platte-voll",
        "Platte schon vorher voll",
        GOOD[1],
        "Zu wenig Platz auf der Platte",
        BEFORE,
        REFUSED,
        logs=False,
        small_disk=True,
        rend=_on_host("sh", "-c", f"cd /var/lib/upkeep/lager && {NEARLY_FULL}"),
        mend=_on_host("rm", "-f", "/var/lib/upkeep/lager/ballast"),
    ),
)
SMALL_DISK = Ground("kleine-platte", more=RECREATE.more, small_disk=True)
ROLLING_SMALL_DISK = replace(ROLLING, name="kleine-platte-rolling", small_disk=True)
DISK_SCENES = (
    Scene("platte-recreate", "Platte läuft während des Updates voll", SMALL_DISK),
    Scene("platte-rolling", "Platte läuft während des Updates voll", ROLLING_SMALL_DISK),
)


def publish(bed: str, registry: OwnRegistry) -> None:
    """The broken versions, some of them in the registry that is broken itself."""
    versions = versions_of(bed)
    for version, behaviour in IMAGES.items():
        versions.publish(version, behaviour)
    registry.start()
    for version in GOOD:
        registry.push(f"{versions.repository}:{version}", version)
    registry.claim_architecture(GOOD[1], FOREIGN, "s390x")
    torn = f"{versions.repository}:{TORN}"
    build = ["docker", "build", "-q", "--no-cache", "-t", torn, "-"]
    dockerfile = UNIQUE.format(image=f"{versions.repository}:{GOOD[1]}", version=TORN)
    subprocess.run(build, input=dockerfile, text=True, check=True, capture_output=True)
    registry.push(torn, TORN)
    registry.lose_blob(TORN)


def suffer(lane: Lane, registry: OwnRegistry, fault: Fault, strategy: str) -> dict[str, Any]:
    """One fault, once, under a light load."""
    scene = fault.scene(strategy)
    lane.make_ready(scene.ground)
    fault.rend(lane, registry)
    try:
        seen = lane.cell("all", scene.job(None, "", False, lane.repository_of(scene.ground)))
    finally:
        fault.mend(lane, registry)
    lane.ground = None
    seen["problems"] += complaints(fault, strategy, seen)
    return seen


def complaints(fault: Fault, strategy: str, seen: dict[str, Any]) -> list[str]:
    """What the issue asks of every one of them."""
    found = []
    if seen.get("result") not in fault.results:
        found.append(f"Ergebnis {seen.get('result')} statt {' oder '.join(fault.results)}")
    if not seen.get("reason") or fault.says not in seen["reason"]:
        found.append(f"Der Grund im Bericht ist nicht „{fault.says}“: {seen.get('reason')}")
    if fault.logs and not seen.get("last_logs"):
        found.append("Der Bericht hat keine Logzeilen")
    quiet = fault.caught == BEFORE or strategy == "rolling"
    if fault.caught == BAKING:  # by then its users have met it
        return found
    strange = [kind for kind in seen.get("answers", {}) if not _fine(kind, quiet)]
    return found + [f"{seen['answers'][kind]} × {kind} für die Aufrufer" for kind in strange]


def _fine(kind: str, quiet: bool) -> bool:
    """The old release, or (where the gate has to be shut) the gate's own 503."""
    return kind == f"200 {GOOD[0]}" or (kind == "503" and not quiet)
