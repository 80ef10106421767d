"""Log lines are JSON and carry the request's id; files are rotated."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from lager.logs import GATHER, JsonLines, RotatedFile, configure_logs, request_id
from lager.settings import LogFiles


def line(**extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "lager", "levelno": 20, "levelname": "INFO", "msg": "hallo %s"})
    record.args = ("Welt",)
    vars(record).update(extra)
    found: dict[str, Any] = json.loads(JsonLines("1.0.0", "abc").format(record))
    return found


def test_a_line_says_what_when_and_where() -> None:
    found = line(event="test")
    assert found["message"] == "hallo Welt"
    assert (found["level"], found["version"], found["instance"], found["event"]) == ("info", "1.0.0", "abc", "test")
    assert "request_id" not in found


def test_request_id_is_added_inside_a_request() -> None:
    token = request_id.set("req-12345678")
    try:
        assert line()["request_id"] == "req-12345678"
    finally:
        request_id.reset(token)


def test_an_exception_stays_on_one_line() -> None:
    try:
        raise ValueError("zwei\nZeilen")
    except ValueError:
        text = JsonLines("1", "a").format(logging.makeLogRecord({"exc_info": sys.exc_info(), "levelname": "ERROR"}))
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger as pytest set it up."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_files_are_rotated_by_size_and_errors_are_in_both(tmp_path: Path, restored: None) -> None:
    files = LogFiles(tmp_path, error_mb=1, error_files=2, combined_mb=1, combined_files=3)
    configure_logs("INFO", JsonLines("1.0.0", "abc"), files)
    log = logging.getLogger("lager.test")
    for number in range(45):
        log.info("x" * 100_000, extra={"number": number})
    log.error("kaputt")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "combined.log", "combined.log.1", "combined.log.2", "error.log"
    ]  # fmt: skip
    assert all(path.stat().st_size <= 1024 * 1024 for path in tmp_path.iterdir())
    errors = (tmp_path / "error.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in errors] == ["kaputt"]
    assert json.loads((tmp_path / "combined.log").read_text().splitlines()[-1])["level"] == "error"


def test_a_full_disk_costs_the_files_lines_only(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", JsonLines("1.0.0", "abc"), None)
    full = RotatedFile(Path("/dev/full"), 1, 2)
    full.setFormatter(JsonLines("1.0.0", "abc"))
    logging.getLogger().addHandler(full)
    logging.getLogger("lager.test").info("geht weiter")
    with suppress(OSError):
        full.close()
    said = capfd.readouterr()
    assert "geht weiter" in said.out
    assert "Traceback" not in said.err


def test_lines_of_a_moment_are_written_at_once(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    async def working() -> tuple[str, str]:
        configure_logs("INFO", JsonLines("1.0.0", "abc"), None)
        for _ in range(2):
            logging.getLogger("lager.test").info("warten")
        early = capfd.readouterr().out
        await asyncio.sleep(GATHER * 2)
        return early, capfd.readouterr().out

    early, later = asyncio.run(working())
    assert early == ""
    assert later.count("warten") == 2


def test_a_warning_waits_for_nobody(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    async def working() -> str:
        configure_logs("INFO", JsonLines("1.0.0", "abc"), None)
        logging.getLogger("lager.test").info("vorher")
        logging.getLogger("lager.test").warning("jetzt")
        return capfd.readouterr().out

    assert [json.loads(line)["message"] for line in asyncio.run(working()).splitlines()] == ["vorher", "jetzt"]


def test_where_no_loop_runs_nothing_is_held_back(restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", JsonLines("1.0.0", "abc"), None)
    logging.getLogger("lager.test").info("allein")
    assert "allein" in capfd.readouterr().out
