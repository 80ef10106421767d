"""Strict reading of a mapping: every key is asked for once, with its limits; what is left over is an error."""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

from upkeep.errors import PolicyInvalid

T = TypeVar("T")
_REQUIRED: Any = object()


class Fields:
    """One mapping of a policy file. `where` names the file, `path` the keys that lead here."""

    def __init__(self, raw: object, where: str, path: str = "") -> None:
        if not isinstance(raw, dict):
            raise PolicyInvalid(
                f"{where}: {path or 'Datei'} muss Schlüssel und Werte enthalten",
                observed=_shown(raw),
                limit="Zuordnung",
            )
        self._raw = {str(key): value for key, value in raw.items()}
        self._asked: list[str] = []
        self.where = where
        self.path = path

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, observed: object, limit: str) -> PolicyInvalid:
        return PolicyInvalid(
            f"{self.where}: {self.name(key)} ist ungültig",
            observed=_shown(observed),
            limit=limit,
            next_step="Wert im Inventar ändern und das Playbook erneut ausführen.",
        )

    def take(self, key: str, default: Any = _REQUIRED) -> Any:
        self._asked.append(key)
        if key not in self._raw and default is _REQUIRED:
            raise PolicyInvalid(
                f"{self.where}: {self.name(key)} fehlt", next_step="Schlüssel im Inventar setzen und erneut ausführen."
            )
        return self._raw.get(key, default)

    def has(self, key: str) -> bool:
        return self._raw.get(key) is not None

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        value = self.take(key, default)
        if not isinstance(value, str) or (not value and default is _REQUIRED):
            raise self.wrong(key, value, "Text")
        return value

    def path_text(self, key: str) -> str | None:
        """A path of a URL (`/api/health`), or null."""
        value = self.take(key, None)
        if value is None:
            return None
        if not isinstance(value, str) or not value.startswith("/") or any(char in value for char in " \r\n"):
            raise self.wrong(key, value, "Pfad, der mit / beginnt, ohne Leerzeichen")
        return value

    def integer(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value, f"ganze Zahl von {low} bis {high}")
        return value

    def seconds(self, key: str, low: float, high: float, default: Any = _REQUIRED) -> float:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, value, f"{low:g} bis {high:g} Sekunden")
        return float(value)

    def share(self, key: str, default: Any = _REQUIRED) -> float:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.wrong(key, value, "Anteil von 0 bis 1 (0.05 sind 5 %)")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true oder false")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: Any = _REQUIRED) -> str:
        value = self.take(key, default)
        if value not in allowed:
            raise self.wrong(key, value, " oder ".join(allowed))
        return str(value)

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        value = self.take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(key, value, "Liste von Texten")
        return tuple(value)

    def section(self, key: str, default: Any = _REQUIRED) -> Fields:
        return Fields(self.take(key, default), self.where, self.name(key))

    def sections(self, key: str, default: Any = _REQUIRED) -> list[Fields]:
        value = self.take(key, default)
        if not isinstance(value, list | tuple):
            raise self.wrong(key, value, "Liste")
        return [Fields(item, self.where, f"{self.name(key)}[{index}]") for index, item in enumerate(value)]

    def finish(self, result: T) -> T:
        """Refuse keys nobody asked for, then hand `result` on."""
        for key in self._raw:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1)
                hint = f"Gemeint ist vielleicht „{near[0]}“." if near else f"Bekannt sind: {', '.join(self._asked)}."
                raise PolicyInvalid(f"{self.where}: {self.name(key)} ist kein bekannter Schlüssel", next_step=hint)
        return result


def _shown(value: object) -> str:
    text = "nichts" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
