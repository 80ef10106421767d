"""`upkeep notify --test` and `upkeep watch` against a fake agent."""

from __future__ import annotations

import pytest

from tests.unit.fake_agent import FakeAgent
from upkeep.cli.main import main

REFUSAL = {"error": "Auf diesem Host ist keine Benachrichtigung eingerichtet.", "code": "refused"}


def call(agent: FakeAgent, *words: str) -> int:
    return main(["notify", "--socket", str(agent.path), *words])


def test_every_way_gets_a_line_and_one_that_fails_makes_the_end_code_1(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(agent, "--test") == 0
    assert capsys.readouterr().out == "E-Mail an anna@example.de: angekommen\n"
    agent.deliveries["deliveries"].append({"way": "Webhook an chat.example", "problem": "HTTP 500."})
    assert call(agent, "--test") == 1
    assert "Webhook an chat.example: HTTP 500.\n" in capsys.readouterr().out


def test_without_test_nothing_is_sent(agent: FakeAgent, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(agent) == 2
    assert agent.asked == []
    assert "upkeep notify --test" in capsys.readouterr().err


def test_a_host_without_any_way_refuses(agent: FakeAgent, capsys: pytest.CaptureFixture[str]) -> None:
    agent.refuse("/v1/notify/test", 422, REFUSAL)
    assert call(agent, "--test") == 3
    assert "keine Benachrichtigung eingerichtet" in capsys.readouterr().err


def test_watch_shows_what_stands_and_fails_only_when_nobody_could_be_told(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["watch", "lager", "--socket", str(agent.path)]
    assert main(words) == 0
    assert capsys.readouterr().out == "lager: kein Alarm\n"
    alarm = {"code": "backup_overdue", "title": "Sicherung überfällig", "text": "30 Stunden her.", "since": None}
    agent.watched |= {"alarms": [alarm], "sent": ["Sicherung überfällig"]}
    assert main(words) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:] == ["ALARM Sicherung überfällig: 30 Stunden her.", "Gemeldet: Sicherung überfällig"]
    agent.watched |= {"undelivered": ["E-Mail an anna@example.de: HTTP 500."]}
    assert main(words) == 1
    assert "Nicht zugestellt: E-Mail an anna@example.de" in capsys.readouterr().out
