"""Changes to ssh, firewall and Docker that nobody confirms, or that do not work, go away by themselves."""

from __future__ import annotations

import time

import pytest

from tests.crowding import crowding
from tests.integration.docker_host.conftest import NAME, ROLE_PLAY, TESTBED, Play, Shell, run_testbed

UNCONFIRMED = 12  # seconds: long enough to look at the change first, on a busy machine too
PROBE = """\
- hosts: docker_hosts
  gather_facts: false
  tasks:
    - upkeep_guarded_change:
        name: probe
        timeout: {timeout}
        parts: [{{path: /etc/upkeep/probe, content: new}}]
"""
RULES = "nft list table inet upkeep"


@pytest.fixture(autouse=True, scope="module")
def set_up(play: Play, shell: Shell) -> None:
    """Check, real, check again, real again."""
    preview = play(ROLE_PLAY, "web1", "--check", "--diff", **TESTBED)
    assert preview.code == 0, preview.output
    assert "+PermitRootLogin prohibit-password" in preview.output
    shell("web1", "test ! -e /etc/upkeep")
    assert play(ROLE_PLAY, "web1", **TESTBED).code == 0
    shell("web1", RULES)
    for words in (["--check"], []):
        repeated = play(ROLE_PLAY, "web1", *words, **TESTBED)
        assert (repeated.code, repeated.changed("web1")) == (0, 0), repeated.output


def test_bad_ssh_change_is_taken_back_and_the_play_says_so(play: Play, shell: Shell) -> None:
    before = shell("web1", "cat /etc/ssh/sshd_config.d/10-upkeep.conf")
    began = time.monotonic()
    bad = {"docker_host__ssh_allowed_users": ["niemand"], "docker_host__confirm_timeout": 8}
    played = play(ROLE_PLAY, "web1", **TESTBED | bad)
    assert time.monotonic() - began < 60 * crowding()
    assert played.code == 2, played.output
    assert "Mit den neuen Einstellungen kam keine neue SSH-Verbindung zustande." in played.text
    assert "zurückgenommen: keine Bestätigung innerhalb von 8 s." in played.text
    assert "Nächster Schritt: im Inventar „docker_host__ssh_…“" in played.text
    assert shell("web1", "cat /etc/ssh/sshd_config.d/10-upkeep.conf") == before
    second = play(ROLE_PLAY, "web1", **TESTBED)
    assert (second.code, second.changed("web1")) == (0, 0), second.output


def test_change_of_a_killed_play_goes_away(play: Play, shell: Shell) -> None:
    played = play(PROBE.format(timeout=UNCONFIRMED), "web1")  # ends without confirming, as if the laptop had died
    assert played.code == 0, played.output
    assert shell("web1", "cat /etc/upkeep/probe") == "new"
    deadline = time.monotonic() + 60
    while shell("web1", "ls /etc/upkeep") != "firewall.nft":
        assert time.monotonic() < deadline, "die Änderung ist noch da"
        time.sleep(0.5)


def test_reboot_takes_back_what_is_unconfirmed_and_loads_the_rules(play: Play, shell: Shell) -> None:
    assert play(PROBE.format(timeout=600), "web1").code == 0
    run_testbed("reboot", NAME, "web1")
    assert shell("web1", "ls /etc/upkeep") == "firewall.nft"
    assert 'comment "published, but not open"' in shell("web1", RULES)
    order = "systemctl show -p ActiveEnterTimestampMonotonic --value upkeep-firewall.service docker.service"
    firewall, docker = (int(moment) for moment in shell("web1", order).split())
    assert 0 < firewall < docker
    second = play(ROLE_PLAY, "web1", **TESTBED)
    assert (second.code, second.changed("web1")) == (0, 0), second.output


def test_setting_that_another_file_overrides_is_said(play: Play, shell: Shell) -> None:
    shell("web1", "echo 'MaxAuthTries 6' >/etc/ssh/sshd_config.d/00-other.conf")
    played = play(ROLE_PLAY, "web1", **TESTBED | {"docker_host__ssh_max_auth_tries": 3})
    shell("web1", "rm /etc/ssh/sshd_config.d/00-other.conf")
    assert played.code == 2
    assert "erwartet „maxauthtries 3“, „/usr/sbin/sshd -T“ zeigt „maxauthtries 6“" in played.text
    assert "Es gelten wieder die bisherigen Einstellungen." in played.text


def test_rules_removed_by_hand_come_back(play: Play, shell: Shell) -> None:
    shell("web1", "nft delete table inet upkeep")
    played = play(ROLE_PLAY, "web1", **TESTBED)
    assert played.code == 0, played.output
    assert "published, but not open" in shell("web1", RULES)


def test_docker_that_does_not_start_gets_its_old_settings_back(play: Play, shell: Shell) -> None:
    before = shell("web1", "cat /etc/docker/daemon.json")
    played = play(ROLE_PLAY, "web1", **TESTBED | {"docker_host__daemon_options": {"no-such-option": True}})
    assert played.code == 2
    assert "Es gelten wieder die bisherigen Einstellungen." in played.text
    assert shell("web1", "cat /etc/docker/daemon.json") == before
    assert shell("web1", "docker version --format '{{.Server.Version}}'")


def test_foreign_daemon_settings_are_not_lost_silently(play: Play, shell: Shell) -> None:
    kept = shell("web1", "cat /etc/docker/daemon.json")
    shell("web1", """echo '{"data-root": "/data/docker"}' >/etc/docker/daemon.json""")
    played = play(ROLE_PLAY, "web1", **TESTBED)
    shell("web1", f"cat >/etc/docker/daemon.json <<'END'\n{kept}\nEND")
    assert played.code == 2
    assert "ginge teilweise verloren: gefunden data-root" in played.text
    assert "„docker_host__daemon_options“" in played.text
