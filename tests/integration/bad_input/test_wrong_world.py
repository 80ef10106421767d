"""The words are right, but the world is not as they suppose: said as it is, with nothing changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.plays import until
from tests.faults.stage import STACK, Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_nothing_to_roll_back_to(stage: Stage, host: ManagedHost) -> None:
    said = (
        "Für „probe“ gibt es nichts, worauf zurückgerollt werden könnte (gefunden: nur 1.0.0 ist bekannt). "
        "Eine bestimmte Version: `upkeep update probe --to <Version> --force`."
    )
    played = stage.plays.run("rollback")
    assert played.code == 2, played.output
    assert said in played.text, played.output
    done = host.upkeep("rollback", STACK)
    assert (done.returncode, done.stderr) == (3, f"{said}\n")


def test_image_that_does_not_exist(stage: Stage, host: ManagedHost) -> None:
    missing = f"{stage.versions.channel.rpartition(':')[0]}:9.9.9"
    said = f"Das Abbild {missing} gibt es nicht (gefunden: HTTP 404 von http://registry.upkeep.test:5000). "
    said += "Name und Tag im Inventar prüfen, oder das Abbild zuerst veröffentlichen."
    updated = stage.plays.run("update", release="9.9.9")
    pinned = stage.plays.run("deploy", stacks=stage.stacks(image={"pin": missing}))
    for played in (updated, pinned):
        assert played.code == 2, played.output
        assert said in played.text, played.output
    stage.plays.fine("deploy")
    done = host.upkeep("update", STACK, "--to", "9.9.9")
    assert done.returncode == 3
    assert said in done.stdout


def test_image_that_does_not_exist_at_the_first_roll_out(stage: Stage, host: ManagedHost) -> None:
    missing = stage.versions.channel.replace(":stable", ":steble")
    new = stage.settings | {"image": {"channel": missing}, "published": [{"host_port": 8081}]}
    played = stage.plays.run("deploy", stacks={"neu": new})
    assert played.code == 2, played.output
    assert f"Das Abbild {missing} gibt es nicht (gefunden: HTTP 404 von " in played.text, played.output
    assert host.run("docker", "ps", "-aq", "--filter", "label=com.docker.compose.project=neu") == ""
    host.shell("systemctl disable -q --now upkeep-door@neu.socket; rm -r /srv/upkeep/neu /var/lib/upkeep/neu")


@pytest.fixture
def somebody_on_8081(host: ManagedHost) -> Iterator[None]:
    host.run("systemd-run", "--quiet", "--unit=somebody", "python3", "-m", "http.server", "8081")
    until(lambda: "8081" in host.run("ss", "-ltn"), 60, "jemand hört auf 8081")
    yield
    host.run("systemctl", "stop", "somebody")


def test_port_in_use(stage: Stage, host: ManagedHost, somebody_on_8081: None) -> None:
    said = (
        "Der Port 8081 ist schon belegt (gefunden: ein anderes Programm; erwartet: frei auf 0.0.0.0). "
        "Nachsehen mit `ss -ltnp 'sport = :8081'`; Programm beenden oder anderen Port wählen."
    )
    played = stage.plays.run("deploy", stacks=stage.stacks(published=[{"host_port": 8081}]))
    assert played.code == 2, played.output
    assert said in played.text, played.output
    done = host.upkeep("deploy", STACK)
    assert done.returncode == 3
    assert said in done.stdout + done.stderr
    stage.plays.fine("deploy")


def test_too_little_disk(stage: Stage, host: ManagedHost) -> None:
    stage.plays.fine("deploy", stacks=stage.stacks(minimum_free_mb=9_000_000))
    played = stage.plays.run("update")
    stage.plays.fine("deploy")
    assert played.code == 2, played.output
    assert "Zu wenig Platz auf der Platte (gefunden: " in played.text, played.output
    assert re.search(
        r"\d+ MB frei in /var/lib/docker; erwartet: 9000\d\d\d MB\)\. Platz schaffen \(`docker", played.text
    )


def test_agent_not_running(stage: Stage, host: ManagedHost) -> None:
    host.run("systemctl", "stop", "upkeep-agent")
    try:
        said = "Der Upkeep-Agent antwortet nicht an /run/upkeep/agent.sock (niemand hört zu). "
        said += "Weiter mit: `systemctl status upkeep-agent`."
        for playbook in ("update", "health"):
            played = stage.plays.run(playbook)
            assert played.code == 2, played.output
            assert said in played.text, played.output
        for verb in ("status", "update", "deploy", "rollback", "health", "logs"):
            done = host.upkeep(verb, STACK)
            assert (done.returncode, done.stderr) == (6, f"{said}\n")
        done = host.upkeep("status", STACK, "--json")
        assert json.loads(done.stdout)["code"] == "unreachable"
    finally:
        host.run("systemctl", "start", "upkeep-agent")


def test_release_env_edited_by_hand(stage: Stage, host: ManagedHost) -> None:
    file = f"{host.home}/release.env"
    said = (
        f"{file} wurde von Hand geändert (gefunden: Inhalt weicht von dem ab, was der Agent geschrieben hat). "
        "Änderung zurücknehmen, oder die Datei neu schreiben lassen: `upkeep deploy probe --force`."
    )
    host.run("sed", "-i", "s/^UPKEEP_APP_IMAGE=.*/UPKEEP_APP_IMAGE=tinyapp:9.9.9/", file)
    for playbook in ("update", "deploy"):
        played = stage.plays.run(playbook)
        assert played.code == 2, played.output
        assert said in played.text, played.output
        done = host.upkeep(playbook, STACK)
        assert (done.returncode, done.stderr) == (3, f"{said}\n")
    assert f"{file} wurde von Hand geändert." in host.upkeep("status", STACK).stdout
    healed = host.upkeep("deploy", STACK, "--force")
    assert healed.returncode == 0, healed
    assert "Alles ist, wie es sein soll (1.0.0)." in healed.stdout


@pytest.mark.parametrize(
    ("spoil", "observed"),
    [
        ("chmod 0400 $file; chgrp 0 $file", "Modus 0400, Besitzer 0:0; erwartet: lesbar für app-1 (7310:7310)"),
        ("rm $file", "No such file or directory; erwartet: lesbare Datei mit Inhalt"),
        (": > $file", "leer; erwartet: lesbare Datei mit Inhalt"),
    ],
    ids=["mode", "missing", "empty"],
)
def test_unreadable_secret(stage: Stage, host: ManagedHost, spoil: str, observed: str) -> None:
    file = host.shell(f"echo {host.home}/secrets/token.*").strip()
    said = f"Das Geheimnis {file} ist nicht lesbar (gefunden: {observed}). "
    said += "`make secrets` und danach `ansible-playbook playbooks/site.yml` ausführen."
    host.shell(f"cp -p {file} /root/token; file={file}; {spoil}")
    done = host.upkeep("update", STACK)
    played = stage.plays.run("update") if "chmod" in spoil else None
    host.run("cp", "-p", "/root/token", file)
    assert done.returncode == 3, done
    assert said in done.stdout, done
    if played:
        assert played.code == 2, played.output
        assert said in played.text, played.output


def test_secret_that_the_vault_does_not_hold(stage: Stage) -> None:
    played = stage.plays.run("deploy", stacks=stage.stacks(secrets={"token": "{{ vault__tokn }}"}))
    assert played.code == 2, played.output
    said = "Im Inventar von web1 fehlt ein Wert: 'vault__tokn' is undefined. Geändert wurde nichts. "
    said += "Fehlende Geheimnisse (vault__…) erzeugt `make secrets INVENTORY=…`"
    assert said in played.text, played.output


@pytest.mark.parametrize("playbook", ["site", "update"])
def test_wrong_vault_password(stage: Stage, playbook: str) -> None:
    played = stage.plays.run(playbook, password="falsch")
    assert played.code == 4, played.output
    assert "Das Tresor-Passwort passt nicht zu test-results/" in played.text, played.output
    said = "Geändert wurde nichts. Nächster Schritt: das richtige Passwort hinterlegen (UPKEEP_VAULT_PASSWORD oder "
    assert f"{said}~/.config/upkeep/vault-password) und prüfen: `ansible-vault view " in played.text, played.output


@pytest.mark.usefixtures("may_change")
def test_second_update_while_one_runs_names_the_first_and_its_starter(stage: Stage, host: ManagedHost) -> None:
    """The last one: the first update is a good one."""
    run = host.begin("update", starter="ansible:anna@laptop")
    done = host.upkeep("update", STACK)
    played = stage.plays.run("update")
    assert done.returncode == 5
    assert f"Für „probe“ läuft schon: Update {run}, gestartet von ansible:anna@laptop um " in done.stderr
    assert "Zusehen: `upkeep status probe --follow`." in done.stderr
    assert played.code == 2, played.output
    assert f"läuft schon etwas: Update {run}, gestartet von ansible:anna@laptop um " in played.text, played.output
    assert "darauf warten: wait_for_running (Sekunden)." in played.text
    assert host.running() is not None, "zu langsam: das erste Update war schon fertig"
    waited = stage.plays.fine("update", wait_for_running=60)
    assert "1.1.0 läuft schon; es gibt nichts Neueres. Vorheriger Lauf: Update, " in waited.text
    assert host.report(run)["result"] == "updated"
