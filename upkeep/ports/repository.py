"""Where a restic repository lies, read out of its address: what to ask before restic is, and what may be shown."""

from __future__ import annotations

import math
import re
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from upkeep.errors import RepositoryFailed

PORTS = {"http": 80, "https": 443}
SFTP = re.compile(r"sftp:(?:[^@/]*@)?([^:/@]+):(.*)")


@dataclass(frozen=True)
class Place:
    """`shown`: the address without credentials. Either `directory` (of this host) or `host` and `port`."""

    shown: str
    directory: Path | None = None
    host: str = ""
    port: int = 0

    @property
    def free(self) -> float:
        """Bytes, where that can be known; a place that is not there any more is not full."""
        try:
            return shutil.disk_usage(self.directory).free if self.directory else math.inf
        except OSError:
            return math.inf

    def refuse_unreachable(self, patience: float) -> None:
        """Raises RepositoryFailed when nobody takes a connection there: restic itself would try for a quarter of an
        hour."""
        if self.directory:
            return
        try:
            socket.create_connection((self.host, self.port), timeout=patience).close()
        except OSError as exc:
            raise RepositoryFailed(
                "repository_unreachable",
                f"Das Sicherungsziel {self.shown} ist nicht erreichbar",
                observed=exc.strerror or str(exc),
                limit=f"eine Verbindung zu {self.host}:{self.port} in {patience:g} s",
                next_step="Läuft der Server dort, und lässt die Firewall diesen Host durch?",
            ) from exc


def place(address: str) -> Place:
    """Raises RepositoryFailed for an address that is none."""
    kind, colon, rest = address.partition(":")
    if address.startswith("/"):
        return Place(address, Path(address))
    if kind in ("rest", "s3") and "://" in rest:
        return _of_url(kind, rest)
    if kind == "sftp" and not rest.startswith("//") and (match := SFTP.fullmatch(address)):
        return Place(f"sftp:{match[1]}:{match[2]}", host=match[1], port=22)
    if kind == "sftp" and rest.startswith("//"):
        parts = urlsplit(address)
        return Place(f"sftp://{parts.hostname}{parts.path}", host=parts.hostname or "", port=parts.port or 22)
    raise RepositoryFailed(
        "repository_address",
        "Die Adresse des Sicherungsziels ist keine, die Upkeep kennt",
        observed=f"sie beginnt mit „{kind[:10]}{colon}“",
        limit="/ordner, sftp:benutzer@host:/ordner, rest:https://host:8000/name oder s3:https://host/bucket",
        next_step="stack__backup_target.address im Inventar ändern und das Playbook erneut ausführen.",
    )


def _of_url(kind: str, url: str) -> Place:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    shown = f"{kind}:{parts.scheme}://{parts.hostname}{port}{parts.path}"
    return Place(shown, host=parts.hostname or "", port=parts.port or PORTS.get(parts.scheme, 443))
