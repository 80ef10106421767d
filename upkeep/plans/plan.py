"""What a run is going to do, decided before anything is touched. The same plan answers check mode."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from upkeep.memory.release import Images, Release
from upkeep.policy.update import Strategy


class GateChange(StrEnum):
    NONE = "none"
    RELOAD = "reload"
    REPLACE = "replace"


@dataclass(frozen=True)
class Plan:
    """`services`: services that are neither slots nor gate and have to be brought up. `slots`: whether the app's slots
    are replaced. `references`, `hashes`, `pin`: what the state remembers when the plan has been carried out.
    `source`: id of the snapshot to run with, None for the files Ansible placed. `strategy`: the way this run goes;
    `closed_because` says why it is not the policy's rolling one. `migrates`: whether the data is migrated.
    `before`, `after`: programs of the hooks around it. `database`: the name of the image a step of the database's
    version leads to."""

    release: Release | None
    target: Release | None
    images_before: Images | None
    images: Images | None
    slots: bool = False
    services: tuple[str, ...] = ()
    accounts: bool = False
    gate: GateChange = GateChange.NONE
    source: str | None = None
    size_bytes: int = 0
    architecture: str = ""
    references: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    pin: tuple[str, str] | None = None
    message: str = ""
    strategy: Strategy = Strategy.RECREATE
    closed_because: str = ""
    migrates: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    database: str = ""

    @property
    def first(self) -> bool:
        return self.release is None

    @property
    def window(self) -> bool:
        """Whether the gate has to be shut: everything but rolling, and a change of the gate alone."""
        return self.restarts and not self.rolling

    @property
    def rolling(self) -> bool:
        return self.restarts and self.strategy is Strategy.ROLLING

    @property
    def restarts(self) -> bool:
        """Whether the app's slots are started anew, whichever way."""
        return self.slots or bool(self.services)

    @property
    def changed(self) -> bool:
        return self.restarts or self.accounts or self.gate is not GateChange.NONE

    @property
    def new_digest(self) -> bool:
        return self.target is not None and (self.release is None or self.release.digest != self.target.digest)

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Plan:
        values = dict(raw)
        values["release"] = Release.load(raw["release"])
        values["target"] = Release.load(raw["target"])
        values["images_before"] = Images.load(raw["images_before"])
        values["images"] = Images.load(raw["images"])
        values["services"] = tuple(raw["services"])
        values["gate"] = GateChange(raw["gate"])
        values["strategy"] = Strategy(raw.get("strategy", Strategy.RECREATE))
        values["before"], values["after"] = tuple(raw.get("before", ())), tuple(raw.get("after", ()))
        values["pin"] = (raw["pin"][0], raw["pin"][1]) if raw["pin"] else None
        return cls(**values)

    def answer(self) -> dict[str, Any]:
        """For check mode and `--diff`."""
        return {
            "changed": self.changed,
            "diff": {"before": self._before(), "after": self._after()},
            "steps": self.steps(),
            "message": self.message,
        }

    def steps(self) -> list[str]:
        """What would happen, in the operator's words."""
        if not self.changed:
            return []
        label = self.target.label if self.target else ""
        steps = [f"Abbild laden: {label}"] if self.new_digest else []
        steps += [f"Hook davor: {program}" for program in self.before]
        if self.database:
            steps += self._database_steps()
        else:
            steps += self._rolling_steps(label) if self.rolling else self._closed_steps(label)
        return steps + [f"Hook danach: {program}" for program in self.after]

    def _database_steps(self) -> list[str]:
        return [
            f"Abbild laden: {self.database}",
            "Wartungsseite einschalten",
            "Anwendung und Datenbank anhalten",
            "Daten beiseite kopieren",
            "Datenbank und Anwendung starten, prüfen und beobachten",
            "Datenformat freigeben",
            "Wartungsseite ausschalten",
        ]

    def _rolling_steps(self, label: str) -> list[str]:
        steps = ["Daten umstellen (Migration), während die alte Version bedient"] if self.migrates else []
        return [*steps, *self._gate_steps(), f"Slot für Slot ersetzen, ohne Unterbrechung: {label}"]

    def _closed_steps(self, label: str) -> list[str]:
        shut = self.window and not self.first
        steps = [f"Nicht rolling: {self.closed_because}"] if self.closed_because else []
        steps += ["Wartungsseite einschalten", "Anwendung anhalten"] if shut else []
        steps += [f"Dienst starten: {name}" for name in self.services]
        steps += ["MongoDB-Benutzer einrichten"] if self.accounts else []
        steps += ["Daten umstellen (Migration)"] if self.migrates else []
        steps += [f"Anwendung starten und prüfen: {label}"] if self.window else []
        return [*steps, *self._gate_steps(), *(["Wartungsseite ausschalten"] if shut else [])]

    def _gate_steps(self) -> list[str]:
        return {
            GateChange.NONE: [],
            GateChange.RELOAD: ["Gate neu laden (ohne Unterbrechung)"],
            GateChange.REPLACE: ["Gate starten" if self.first else "Gate ersetzen (etwa 1 s)"],
        }[self.gate]

    def _before(self) -> str:
        if not self.images_before:
            return ""
        return self._described(self.release, self.images_before)

    def _after(self) -> str:
        if not self.changed or not self.images:
            return self._before()
        return self._described(self.target, self.images) + "".join(f"{step}\n" for step in self._extras())

    def _extras(self) -> list[str]:
        extras = [f"Dienst {name}: neu" for name in self.services]
        extras += ["Anwendung: neu gestartet"] if self.slots and not self.new_digest else []
        extras += [f"Gate: {self.gate}"] if self.gate is not GateChange.NONE else []
        return extras

    @staticmethod
    def _described(release: Release | None, images: Images) -> str:
        version = f"Version {release.label}\n" if release else ""
        return version + "".join(f"{image}\n" for image in images.all)
