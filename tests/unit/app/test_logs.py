"""Log lines are JSON and carry the request's id."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from lager.logs import JsonLines, request_id


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
