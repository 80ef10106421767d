"""Talking to systemd with the standard library: readiness, and log lines journald can sort by level."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys

PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


def notify(message: str) -> None:
    """sd_notify: does nothing where no systemd listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
        connection.sendall(message.encode())


class JournalFormatter(logging.Formatter):
    """One JSON object a line, behind the priority prefix of sd-daemon(3)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return f"<{PRIORITIES.get(record.levelname, 6)}>{json.dumps(line, ensure_ascii=False)}"


def set_up_logging(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("urllib3", "docker", "pymongo"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
