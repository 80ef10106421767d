"""What a run is going to do, decided before anything is touched. The same plan answers check mode."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from upkeep.release import Images, Release


class GateChange(StrEnum):
    NONE = "none"
    RELOAD = "reload"
    REPLACE = "replace"


@dataclass(frozen=True)
class Plan:
    """`services`: services that are neither slots nor gate and have to be brought up. `slots`: whether the app's slots
    are replaced. `references`, `hashes`, `pin`: what the state remembers when the plan has been carried out.
    `source`: id of the snapshot to run with, None for the files Ansible placed."""

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

    @property
    def first(self) -> bool:
        return self.release is None

    @property
    def window(self) -> bool:
        """Whether the gate has to be shut: everything but a change of the gate alone."""
        return self.slots or bool(self.services) or self.accounts

    @property
    def changed(self) -> bool:
        return self.window or self.gate is not GateChange.NONE

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
        steps = [f"Abbild laden: {self.target.label}"] if self.new_digest and self.target else []
        steps += ["Wartungsseite einschalten", "Anwendung anhalten"] if self.window and not self.first else []
        steps += [f"Dienst starten: {name}" for name in self.services]
        steps += ["MongoDB-Benutzer einrichten"] if self.accounts else []
        steps += [f"Anwendung starten und prüfen: {self.target.label}"] if self.window and self.target else []
        steps += {
            GateChange.NONE: [],
            GateChange.RELOAD: ["Gate neu laden (ohne Unterbrechung)"],
            GateChange.REPLACE: ["Gate starten" if self.first else "Gate ersetzen (etwa 1 s)"],
        }[self.gate]
        return [*steps, "Wartungsseite ausschalten"] if self.window and not self.first else steps

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
