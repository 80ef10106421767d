"""The journal of a Windows server: what a run leaves behind, and what is pruned."""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "roles/win_node_app/filter_plugins/windows_journal.py"
spec = importlib.util.spec_from_file_location("windows_journal", FILE)
assert spec
assert spec.loader
filters: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(filters)
NOW, LATER = "2026-11-21T10:00:00", "2026-11-21T10:20:00"
RUN = {"id": "a", "operation": "deploy", "to": "1.1.0", "sha256": "ab", "reversible": True}


def fresh() -> dict[str, Any]:
    return filters.journal_of({}, "app") | {"current": "1.0.0"}


def read(content: bytes) -> dict[str, Any]:
    return filters.journal_of({"content": base64.b64encode(content).decode()}, "app")


def test_a_journal_comes_back_as_it_was_written() -> None:
    assert read(json.dumps(fresh()).encode()) == fresh()


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"schema": 9, "app": "app"}', b'{"schema": 1, "app": "other"}', b"\xff"]
)
def test_what_is_no_journal_of_this_application_is_damaged(content: bytes) -> None:
    assert read(content)["damaged"]


def test_a_finished_run_moves_current_and_previous() -> None:
    ended = filters.journal_ended(filters.journal_begun(fresh(), RUN, NOW, 900), "updated", NOW)
    assert (ended["current"], ended["previous"], ended["run"]) == ("1.1.0", "1.0.0", None)
    assert ended["releases"] == {"1.1.0": {"sha256": "ab", "reversible": True}}


def test_a_failed_run_is_only_remembered() -> None:
    ended = filters.journal_ended(filters.journal_begun(fresh(), RUN, NOW, 900), "rolled_back", NOW, "kaputt")
    assert (ended["current"], ended["history"][-1]["reason"]) == ("1.0.0", "kaputt")


def test_a_run_counts_as_running_until_its_lease_ends() -> None:
    begun = filters.journal_begun(fresh(), RUN, NOW, 900)
    assert filters.is_running(begun, NOW)
    assert not filters.is_running(begun, LATER)
    assert filters.is_running(filters.journal_at(begun, "closing", LATER, 900), LATER)


def test_only_a_closed_site_has_to_be_opened_again() -> None:
    begun = filters.journal_begun(fresh(), RUN, NOW, 900)
    assert not begun["run"]["closed"]
    assert filters.journal_at(begun, "closing", NOW, 900)["run"]["closed"]


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [("1.9.0", "1.10.0", True), ("1.10.0", "1.9.0", False), ("1.0.0-beta", "1.0.0", True), ("1.0.0", "", False)],
)
def test_versions_are_compared_by_numbers(version: str, than: str, older: bool) -> None:
    assert filters.is_older(version, than) is older


def test_the_newest_ten_stay_and_never_what_runs() -> None:
    found = [{"filename": f"1.{n}.0"} for n in range(14)]
    journal = fresh() | {"current": "1.0.0", "previous": "1.1.0"}
    assert filters.spare_releases(found, journal, 10) == ["1.2.0", "1.3.0", "1.4.0", "1.5.0"]


def test_a_reason_is_one_sentence_with_the_programs_last_words() -> None:
    failed = {"msg": "Task failed: Module failed: non-zero return code", "stderr": "noise\nError: P3018"}
    assert filters.failure_reason(failed) == "non-zero return code · Error: P3018."
