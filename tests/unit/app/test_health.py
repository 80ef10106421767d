"""Checks that need no database."""

from __future__ import annotations

from pathlib import Path

from lager.health import Status, check_files, check_memory


def test_files_on_a_usable_directory_are_ok_or_scarce(tmp_path: Path) -> None:
    found = check_files(tmp_path)
    assert found.status in (Status.OK, Status.WARNING)
    assert found.free_bytes is not None


def test_missing_directory_is_unhealthy(tmp_path: Path) -> None:
    found = check_files(tmp_path / "nowhere")
    assert found.status is Status.UNHEALTHY
    assert found.detail is not None
    assert "nicht erreichbar" in found.detail


def test_memory_near_its_limit_is_a_warning(tmp_path: Path) -> None:
    statm, limit = tmp_path / "statm", tmp_path / "memory.max"
    statm.write_text("30000 25000 100 1 0 9000 0\n")
    limit.write_text(f"{110 * 1024 * 1024}\n")
    found = check_memory(statm, (limit,))
    assert found.status is Status.WARNING
    assert found.resident_bytes == 25000 * 4096


def test_memory_without_a_limit_is_ok(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    found = check_memory(limits=(tmp_path / "none", limit))
    assert found.status is Status.OK
    assert found.limit_bytes is None
