"""MongoDB's rules for changing its version: one major release at a time, never back, and the feature compatibility
version of the data moves up only after the new server has proven itself.

Source: MongoDB manual, „Upgrade a Replica Set“ of releases 5.0 to 8.0, and „setFeatureCompatibilityVersion“.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from upkeep.errors import Refused

_SAID = re.compile(r"db version v(\d+)\.(\d+)\.(\d+)|^(\d+)\.(\d+)\.(\d+)")
CONFIRMED_SINCE = 7  # from here on setFeatureCompatibilityVersion wants `confirm: true`


@dataclass(frozen=True, order=True)
class MongoVersion:
    major: int
    minor: int
    patch: int

    @property
    def series(self) -> str:
        """What the feature compatibility version calls it."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.series}.{self.patch}"


def parse(text: str) -> MongoVersion | None:
    """From `mongod --version`, or a bare version; None if there is none in it."""
    found = _SAID.search(text)
    if not found:
        return None
    numbers = [int(part) for part in found.groups() if part is not None]
    return MongoVersion(*numbers)


def series(version: str) -> tuple[int, ...]:
    """Major and minor number, to compare by; nothing for what is no version."""
    return tuple(int(number) for number in version.split(".")[:2] if number.isdecimal())


def refuse_step(current: MongoVersion, target: MongoVersion, feature: str) -> None:
    """Raises Refused unless MongoDB allows to go from `current` to `target` with data of this feature compatibility."""
    if target < current:
        raise Refused(
            "MongoDB kann nicht auf eine ältere Version zurück",
            observed=str(target),
            limit=f"{current} oder neuer",
            next_step="Dafür braucht es eine Datensicherung aus der älteren Version.",
        )
    if target.major > current.major + 1:
        raise Refused(
            "MongoDB geht nur eine Hauptversion auf einmal weiter",
            observed=f"{current} → {target}",
            limit=f"höchstens {current.major + 1}.0",
            next_step=f"Zuerst auf {current.major + 1}.0 gehen, dann erneut.",
        )
    if target.series != current.series and feature != current.series:
        raise Refused(
            "Der vorige Versionsschritt von MongoDB ist noch nicht abgeschlossen",
            observed=f"featureCompatibilityVersion {feature}",
            limit=current.series,
            next_step="Zuerst den neuesten Stand derselben Reihe einspielen; dabei schließt Upkeep den Schritt ab.",
        )
