"""Wrong words in inventory, command line or stack.yml: named with what was found, what is right, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import STACK, Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow]

AGAIN = "Wert im Inventar ändern und das Playbook erneut ausführen."
SETTINGS = [
    ({"helth_path": "/x"}, "stack__helth_path kennt die Rolle nicht; gemeint ist vielleicht stack__health_path."),
    (
        {"ready_timeout": -5},
        f"Stack probe: stack__ready_timeout ist ungültig (gefunden: -5; erwartet: 1 bis 86400 Sekunden). {AGAIN}",
    ),
    (
        {"slots": 0},
        f"Stack probe: stack__slots ist ungültig (gefunden: 0; erwartet: ganze Zahl von 1 bis 16). {AGAIN}",
    ),
    ({"image": {}}, "Stack probe: image braucht channel oder pin (gefunden: nichts davon; erwartet: genau eines)."),
    ({"strategy": "schnell"}, "stack__strategy: „schnell“ gibt es nicht; möglich: recreate, rolling."),
    ({"secrets": {"token": ""}}, "stack__secrets: token ist leer. Erzeugen: `make secrets INVENTORY=…`."),
]


@pytest.mark.parametrize(("setting", "said"), SETTINGS, ids=lambda value: next(iter(value), "") if value else "")
def test_wrong_setting_is_named_before_the_host_is_touched(stage: Stage, setting: dict[str, Any], said: str) -> None:
    played = stage.plays.run("deploy", stacks=stage.stacks(**setting))
    assert played.code == 2, played.output
    assert f"Angabe(n) zum Stack probe sind falsch, geändert wurde nichts: {said}" in played.text, played.output
    assert played.recap("web1", "changed") == 0


@pytest.mark.parametrize("playbook", ["deploy", "update", "rollback", "health", "maintenance"])
def test_playbooks_name_the_stacks_there_are(stage: Stage, playbook: str) -> None:
    played = stage.plays.run(playbook, stack="prope", maintenance="on")
    assert played.code == 2, played.output
    said = "web1 hat keinen Stack „prope“. Im Inventar stehen: probe. Geändert wurde nichts."
    assert said in played.text, played.output


def test_stack_of_the_inventory_that_is_not_on_the_host_yet(stage: Stage) -> None:
    played = stage.plays.run("update", stacks=stage.stacks() | {"neu": stage.settings}, stack="neu")
    assert played.code == 2, played.output
    said = "Den Stack „neu“ gibt es auf diesem Host nicht. Bekannt sind: probe. Neue Stacks legt `ansible-playbook "
    assert f"{said}playbooks/site.yml` an." in played.text, played.output


@pytest.mark.parametrize("verb", ["status", "health", "check", "update", "rollback", "deploy", "logs"])
def test_command_names_the_stacks_there_are(host: ManagedHost, verb: str) -> None:
    done = host.upkeep(verb, "prope")
    assert done.returncode == 3
    assert done.stderr.startswith("Den Stack „prope“ gibt es auf diesem Host nicht. Bekannt sind: probe. ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["updaten", STACK], "'updaten' gibt es nicht; möglich sind "),
        (["update", STACK, "--schnell"], "unbekannt: --schnell"),
        (["maintenance", STACK, "an"], "'an' gibt es nicht; möglich sind "),
        (["maintenance", STACK, "on", "--until", "bald"], "--until: „bald“ "),
        (["logs", STACK, "--lines", "0"], "--lines 0: es muss mindestens eine Zeile sein."),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_wrong_command_line(host: ManagedHost, words: list[str], said: str) -> None:
    done = host.upkeep(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_command_of_somebody_who_is_not_root(host: ManagedHost) -> None:
    done = host.attempt("setpriv", "--reuid=nobody", "--clear-groups", "upkeep", "status", STACK)
    assert done.returncode == 6
    assert done.stderr == ("Kein Zugriff auf /run/upkeep/agent.sock: das darf nur root. Weiter mit: `sudo upkeep …`.\n")


@pytest.fixture
def policy_file(host: ManagedHost) -> Iterator[str]:
    """stack.yml, put back afterwards."""
    path = f"{host.home}/stack.yml"
    host.run("cp", "-p", path, "/root/stack.yml")
    yield path
    host.run("cp", "-p", "/root/stack.yml", path)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            "s/ready_timeout:/redy_timeout:/",
            "update.redy_timeout ist kein bekannter Schlüssel. Gemeint ist vielleicht ",
        ),
        ("s/ready_timeout: .*/ready_timeout: -1/", "update.ready_timeout ist ungültig (gefunden: -1; erwartet: 1 bis "),
        ("s/slots: 1/slots: 0/", "app.slots ist ungültig (gefunden: 0; erwartet: ganze Zahl von 1 bis 16)."),
        (
            "s/recreate/rolling/",
            "update.strategy ist ungültig (gefunden: 'rolling mit 1 Slot'; erwartet: recreate, oder mindestens 2 Slots",
        ),
        ("s/backup: never/backup: before_update/", "update.backup: before_update braucht ein Sicherungsziel"),
        ("s/^app:/app: [/", "ist kein gültiges YAML (gefunden: "),
    ],
    ids=["typo", "negative timeout", "slots 0", "rolling", "backup", "no YAML"],
)
def test_policy_on_the_host_is_refused(host: ManagedHost, policy_file: str, edit: str, said: str) -> None:
    host.run("sed", "-i", edit, policy_file)
    for words in (["deploy"], ["update"], ["update", "--plan"]):
        done = host.upkeep(words[0], STACK, *words[1:])
        assert done.returncode == 3, done
        assert said in done.stderr, done
    assert host.upkeep("status", STACK).returncode == 0
