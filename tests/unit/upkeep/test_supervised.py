"""Programs that say nothing: waited for as long as there is hope, and not a whole deadline without any."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from upkeep.ports import supervised
from upkeep.ports.streamed import streamed
from upkeep.ports.supervised import Doubt, Ended, Limits, supervise

SILENT = ("sh", "-c", "echo eins; sleep 30")
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
LONG = 25.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "DOUBT", 0.1)


def test_without_hope_a_silent_program_is_ended_soon() -> None:
    began = time.monotonic()
    ended = supervise(SILENT, ENVIRONMENT, Limits(LONG, LONG, lambda: False), lambda line: None)
    assert (ended.exit_code, ended.silent) == (None, True)
    assert time.monotonic() - began < LONG / 2


def test_one_no_is_not_enough() -> None:
    answers: Iterator[bool] = iter([False, True] * 100)
    ended = supervise(
        ("sh", "-c", "sleep 1"), ENVIRONMENT, Limits(LONG, LONG, lambda: next(answers)), lambda line: None
    )
    assert ended.exit_code == 0


def test_nobody_is_asked_right_after_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "DOUBT", 60.0)
    doubt = Doubt(Limits(LONG, LONG, lambda: False), since=time.monotonic() - 100, denials=supervised.DENIALS - 1)
    doubt.heard()
    assert not doubt.gives_up()
    doubt.since -= 100
    assert not doubt.gives_up()  # the first no of a new row


def test_reader_of_a_stream_does_not_wait_without_hope() -> None:
    class Gone(Exception):
        pass

    def failure(ended: Ended) -> Exception:
        return Gone()

    began = time.monotonic()
    with streamed(SILENT, ENVIRONMENT, Limits(LONG, LONG, lambda: False), failure) as output:
        assert output.read(100) == b"eins\n"
        with pytest.raises(Gone):
            output.read(100)
    assert time.monotonic() - began < LONG / 2
