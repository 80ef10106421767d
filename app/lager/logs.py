"""Structured logs: one JSON object a line with the id of the request it belongs to.

On standard output, where Docker rotates them; besides into rotated files, if a directory for them is set.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from lager.settings import LogFiles

request_id: ContextVar[str] = ContextVar("request_id", default="")

GATHER = 0.1  # seconds
GATHERED = 100  # lines

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """What a caller passes as ``extra=`` becomes keys of the line."""

    def __init__(self, version: str, instance: str) -> None:
        super().__init__()
        self._fixed = {"version": version, "instance": instance}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get() or None,
            **self._fixed,
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False, default=str)


class Gathered(logging.StreamHandler[TextIO]):
    """Writes the lines of a tenth of a second at once: every single write wakes up Docker twice.

    A warning, or worse, is written immediately, and with it what came before.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []
        self._is_expected = False  # a flush

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.append(self.format(record) + self.terminator)
            if record.levelno >= logging.WARNING or len(self._lines) >= GATHERED or not self._comes_back():
                self.flush()
        except Exception:
            self.handleError(record)

    def _comes_back(self) -> bool:
        """Will somebody flush soon? Nobody does where no loop runs."""
        if not self._is_expected:
            try:
                asyncio.get_running_loop().call_later(GATHER, self.flush)
            except RuntimeError:
                return False
            self._is_expected = True
        return True

    def flush(self) -> None:
        """Besides, ``logging.shutdown`` calls it when the process ends."""
        self.acquire()
        try:
            self._is_expected = False
            lines, self._lines = self._lines, []
            self.stream.write("".join(lines))
            super().flush()
        finally:
            self.release()


class RotatedFile(RotatingFileHandler):
    """``files`` of at most ``megabytes`` each, the one being written included."""

    def __init__(self, path: Path, megabytes: int, files: int) -> None:
        super().__init__(path, maxBytes=megabytes * 1024 * 1024, backupCount=files - 1, encoding="utf-8", delay=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """A full disk costs lines of the file, not the app; standard output has them all the same."""


def configure_logs(level: str, lines: JsonLines, files: LogFiles | None) -> None:
    """Send everything, uvicorn's and pymongo's lines too, through the same JSON lines."""
    handlers: list[logging.Handler] = [Gathered(sys.stdout), *(_file_handlers(files) if files else ())]
    for handler in handlers:
        handler.setFormatter(lines)
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("pymongo", "uvicorn.error", "socketio", "engineio"):  # their INFO lines tell nothing that ours do not
        logging.getLogger(name).setLevel("WARNING")


def _file_handlers(files: LogFiles) -> tuple[RotatedFile, RotatedFile]:
    error = RotatedFile(files.directory / "error.log", files.error_mb, files.error_files)
    error.setLevel(logging.ERROR)
    return error, RotatedFile(files.directory / "combined.log", files.combined_mb, files.combined_files)
