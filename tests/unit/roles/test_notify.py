"""What role upkeep_agent makes of who is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.roles.rendering import Rendering
from upkeep.notify import ways

MAIL = {"server": "mail.example.de", "sender": "upkeep@example.de", "recipients": ["anna@example.de"]}
LOGIN = {"username": "upkeep", "password": "pl4nted-password"}


def test_without_settings_nobody_is_told() -> None:
    role = Rendering("upkeep_agent")
    assert role.value("__upkeep_agent__notify_problems") == []
    assert json.loads(role.template("notify.json.j2")) == {"host": "web1"}


def test_what_is_set_is_what_the_agent_reads_and_only_root_may() -> None:
    hook = {"url": "https://chat.example/haken/geheim"}
    role = Rendering("upkeep_agent", upkeep_agent__notify_mail=MAIL | LOGIN, upkeep_agent__notify_webhook=hook)
    assert role.value("__upkeep_agent__notify_problems") == []
    read = ways.parse(json.loads(role.template("notify.json.j2")), "notify.json")
    assert read.host == "web1"
    assert read.mail is not None
    assert (read.mail.port, read.mail.password) == (587, LOGIN["password"])
    assert read.webhook is not None
    assert "geheim" not in repr(read) + str(read)
    (file,) = [item for item in role.value("__upkeep_agent__files") if item["path"].endswith("notify.json")]
    assert (file["mode"], file["secret"]) == ("0600", True)


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (MAIL | {"recipients": []}, "upkeep_agent__notify_mail.recipients"),
        (MAIL | {"recipients": ["anna"]}, "E-Mail-Adresse"),
        (MAIL | LOGIN | {"security": "none"}, "geht nie unverschlüsselt"),
        (MAIL | {"username": "upkeep"}, "username und password"),
        (MAIL | {"pasword": "x"}, "kein bekannter Schlüssel"),
        (MAIL | {"server": "smtp://mail"}, "Name oder Adresse des Mailservers"),
    ],
)
def test_what_cannot_work_is_refused_before_a_host_is_touched(mail: dict[str, Any], said: str) -> None:
    problems = Rendering("upkeep_agent", upkeep_agent__notify_mail=mail).value("__upkeep_agent__notify_problems")
    assert [said in problem for problem in problems] == [True], problems
    assert LOGIN["password"] not in str(problems)
