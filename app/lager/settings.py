"""Everything the process reads from its environment, parsed once at start.

Each setting ``X`` may also be given as ``X_FILE``, the path of a file that holds the value (Docker secrets).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.datastructures import Secret

T = TypeVar("T")

SHORTEST_SECRET = 32

_REASONS: dict[type[Exception], str] = {
    FileNotFoundError: "die Datei fehlt",
    PermissionError: "keine Leserechte",
    IsADirectoryError: "ist ein Verzeichnis",
    UnicodeDecodeError: "kein UTF-8-Text",
}


class BadSettings(Exception):
    """The environment cannot be used; the message lists every problem, one a line."""


@dataclass(frozen=True)
class LogFiles:
    """Besides standard output: rotated by size. The number of files includes the one being written."""

    directory: Path
    error_mb: int = 5
    error_files: int = 5
    combined_mb: int = 10
    combined_files: int = 10


@dataclass(frozen=True)
class Settings:
    """Times in seconds, ``public_origin`` as ``https://host[:port]`` without a path."""

    mongodb_uri: Secret
    secret: Secret
    public_origin: str
    database: str = "lager"
    version: str = "0.0.0-dev"
    host: str = "0.0.0.0"  # noqa: S104 - inside a container; the gate is the only one who reaches it
    port: int = 8000
    files: Path = Path("/data")
    frontend: Path = Path("/app/frontend")
    proxy_hops: int = 1
    drain_seconds: float = 0.5
    stop_seconds: float = 5.0
    log_level: str = "INFO"
    log_files: LogFiles | None = None
    metrics_port: int = 0  # 0 is off
    slot: str = "app"
    stack: str = "lager"
    ticket_key: Path = Path("/run/secrets/ticket-key")
    published: Path = Path("/run/upkeep")

    @property
    def is_https(self) -> bool:
        return self.public_origin.startswith("https://")


class _Reader:
    """Collects problems instead of stopping at the first, so that one start tells everything."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        path = self.environ.get(f"{name}_FILE")
        value = self._from_file(name, path) if path else self.environ.get(name, default)
        if value is None:
            self.problems.append(
                f"Einstellung {name} fehlt: bitte {name} oder {name}_FILE (Pfad einer Datei mit dem Wert) setzen."
            )
        return (value or "").strip()

    def _from_file(self, name: str, path: str) -> str:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            reason = _REASONS.get(type(exc), str(exc))
            self.problems.append(
                f"Einstellung {name}_FILE={path} ist nicht lesbar ({reason}); der Prozess läuft als uid {os.getuid()}. "
                "Bitte Pfad, Eigentümer und Rechte (0440) der Datei prüfen."
            )
            return ""
        if not value:
            self.problems.append(f"Einstellung {name}_FILE={path}: die Datei ist leer.")
        return value

    def number(self, name: str, default: T, convert: Callable[[str], T], lowest: float, highest: float) -> T:
        raw = self.text(name, str(default))
        try:
            value = convert(raw)
            within = lowest <= float(raw) <= highest
        except ValueError:
            within = False
        if not within:
            self.problems.append(f"Einstellung {name}={raw!r}: erwartet wird eine Zahl von {lowest:g} bis {highest:g}.")
            return default
        return value

    def origin(self, name: str) -> str:
        raw = self.text(name)
        if not raw:
            return ""
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
            self.problems.append(f"Einstellung {name}={raw!r}: erwartet wird http(s)://name[:port] ohne Pfad.")
        return f"{parts.scheme}://{parts.netloc}".lower()


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Parse the environment; raises BadSettings that names every problem in German."""
    reader = _Reader(environ)
    settings = Settings(
        mongodb_uri=Secret(reader.text("LAGER_MONGODB_URI")),
        secret=Secret(reader.text("LAGER_SECRET")),
        public_origin=reader.origin("LAGER_PUBLIC_URL"),
        database=reader.text("LAGER_DATABASE", "lager"),
        version=reader.text("LAGER_VERSION", "0.0.0-dev"),
        host=reader.text("LAGER_HOST", Settings.host),
        port=reader.number("PORT", Settings.port, int, 1, 65535),
        files=Path(reader.text("LAGER_FILES", str(Settings.files))),
        frontend=Path(reader.text("LAGER_FRONTEND", str(Settings.frontend))),
        proxy_hops=reader.number("LAGER_PROXY_HOPS", Settings.proxy_hops, int, 0, 5),
        drain_seconds=reader.number("LAGER_DRAIN_SECONDS", Settings.drain_seconds, float, 0, 60),
        stop_seconds=reader.number("LAGER_STOP_SECONDS", Settings.stop_seconds, float, 1, 120),
        log_level=reader.text("LAGER_LOG_LEVEL", Settings.log_level).upper(),
        log_files=_log_files(reader),
        metrics_port=reader.number("LAGER_METRICS_PORT", Settings.metrics_port, int, 0, 65535),
        slot=reader.text("UPKEEP_SLOT", Settings.slot),
        stack=reader.text("UPKEEP_STACK", Settings.stack),
        ticket_key=Path(reader.text("LAGER_TICKET_KEY_FILE", str(Settings.ticket_key))),
        published=Path(reader.text("LAGER_UPKEEP", str(Settings.published))),
    )
    _check(settings, reader.problems)
    if reader.problems:
        raise BadSettings("\n".join(reader.problems))
    return settings


def _log_files(reader: _Reader) -> LogFiles | None:
    """Off without a directory. Each slot writes below its own name: two processes cannot rotate one file."""
    directory = reader.text("LAGER_LOG_DIRECTORY", "")
    if not directory:
        return None
    own = Path(directory) / reader.text("UPKEEP_SLOT", Settings.slot)
    try:
        own.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(own, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        reader.problems.append(
            f"Einstellung LAGER_LOG_DIRECTORY={directory}: {own} ist nicht beschreibbar (der Prozess läuft als uid "
            f"{os.getuid()}). Bitte ein Volume dort einhängen oder die Einstellung weglassen: stdout hat alle Zeilen."
        )
    return LogFiles(
        directory=own,
        error_mb=reader.number("LAGER_LOG_ERROR_MB", LogFiles.error_mb, int, 1, 1000),
        error_files=reader.number("LAGER_LOG_ERROR_FILES", LogFiles.error_files, int, 2, 100),
        combined_mb=reader.number("LAGER_LOG_COMBINED_MB", LogFiles.combined_mb, int, 1, 1000),
        combined_files=reader.number("LAGER_LOG_COMBINED_FILES", LogFiles.combined_files, int, 2, 100),
    )


def _check(settings: Settings, problems: list[str]) -> None:
    secret, uri = str(settings.secret), str(settings.mongodb_uri)
    if secret and len(secret) < SHORTEST_SECRET:
        problems.append(f"Einstellung LAGER_SECRET hat {len(secret)} Zeichen; mindestens {SHORTEST_SECRET} sind nötig.")
    if uri and not uri.startswith(("mongodb://", "mongodb+srv://")):
        problems.append("Einstellung LAGER_MONGODB_URI beginnt nicht mit mongodb:// oder mongodb+srv://.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", settings.database):
        problems.append(f"Einstellung LAGER_DATABASE={settings.database!r}: erlaubt sind Buchstaben, Ziffern, _ und -.")
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        problems.append(f"Einstellung LAGER_LOG_LEVEL={settings.log_level!r}: DEBUG, INFO, WARNING oder ERROR.")
