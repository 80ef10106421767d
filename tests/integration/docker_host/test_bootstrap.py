"""From root's password, or a key on a machine without Python, to a host that Ansible manages as an admin."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.docker_host.conftest import ROLE_PLAY, ROOT, Play, Shell

BOOTSTRAP = ROOT / "playbooks" / "bootstrap.yml"


@pytest.fixture(scope="module")
def admin_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = tmp_path_factory.mktemp("admin") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna@büro", "-f", str(key)], check=True)
    return key


@pytest.fixture
def with_agent(admin_key: Path) -> Iterator[dict[str, str]]:
    """The admin's key in an ssh-agent, as on an admin's laptop."""
    started = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    pairs = (part.split("=", 1) for part in started.replace("\n", "").split(";") if part.startswith("SSH_"))
    variables = dict(pairs)
    subprocess.run(["ssh-add", "-q", str(admin_key)], check=True, env=variables)
    yield variables
    subprocess.run(["ssh-agent", "-k"], check=True, env=variables, capture_output=True)


def public(admin_key: Path) -> list[str]:
    return [admin_key.with_suffix(".pub").read_text().strip()]


def test_fresh_hosts_become_manageable_and_the_second_run_changes_nothing(
    play: Play, shell: Shell, bed: Path, admin_key: Path, with_agent: dict[str, str]
) -> None:
    shell("cloud", "apt-get -qq purge --yes python3 python3-minimal >/dev/null 2>&1; ! command -v python3")
    # The testbed pins its own key; the admin's comes from the agent.
    pinned = json.loads((bed / "inventory.yml").read_text())["all"]["children"]["testbed"]["vars"]
    unpinned = pinned["ansible_ssh_common_args"].replace("-o IdentitiesOnly=yes", "")
    options = {"ansible_ssh_common_args": unpinned, "host_access__admin_keys": public(admin_key)}

    preview = play(BOOTSTRAP, "secret:cloud", "--check", env=with_agent, **options)
    assert preview.code == 0, preview.output
    assert "Würde installieren: " in preview.text
    assert shell("cloud", "id admin 2>/dev/null || echo nobody") == "nobody"

    first = play(BOOTSTRAP, "secret:cloud", env=with_agent, **options)
    assert first.code == 0, first.output
    assert "Im Inventar gilt jetzt: ansible_user: admin" in first.text
    assert shell("cloud", "readlink /etc/localtime").endswith("/usr/share/zoneinfo/Europe/Berlin")
    assert "de_DE.utf8" in shell("secret", "locale -a")

    second = play(BOOTSTRAP, "secret:cloud", env=with_agent, **options)
    assert second.code == 0, second.output
    assert (second.changed("secret"), second.changed("cloud")) == (0, 0), second.output

    # From here on as the admin, with root locked out: the production defaults of docker_host.
    as_admin = {"ansible_user": "admin", "ansible_become": True, "docker_host__docker_source": "debian"}
    hardened = play(ROLE_PLAY, "cloud", env=with_agent, **options, **as_admin)
    assert hardened.code == 0, hardened.output
    assert "permitrootlogin no" in shell("cloud", "sshd -T")
    again = play(BOOTSTRAP, "cloud", env=with_agent, **options)
    assert (again.code, again.changed("cloud")) == (0, 0), again.output


def test_without_a_key_nothing_happens(play: Play) -> None:
    played = play(BOOTSTRAP, "secret")
    assert played.code == 2
    assert "Kein Schlüssel angegeben: „host_access__admin_keys“ ist leer" in played.text
    assert "Nächster Schritt: `ssh-keygen -t ed25519`" in played.text


def test_a_private_key_is_refused_and_not_shown(play: Play, admin_key: Path) -> None:
    played = play(BOOTSTRAP, "secret", host_access__admin_keys=[admin_key.read_text()])
    assert played.code == 2
    assert "1 von 1 Einträgen sind keine öffentlichen SSH-Schlüssel" in played.text
    assert admin_key.read_text().splitlines()[1] not in played.output


def test_a_key_that_does_not_fit_is_said_and_nothing_is_lost(play: Play, admin_key: Path) -> None:
    played = play(BOOTSTRAP, "secret", host_access__admin_keys=public(admin_key))  # without the private half
    assert played.code == 2, played.output
    assert "ist angelegt, aber von hier aus nicht zu gebrauchen" in played.text
    assert "Der bisherige Zugang gilt weiter." in played.text


def test_no_way_in_is_said_with_the_next_step(play: Play, admin_key: Path) -> None:
    wrong = {"ansible_password": "falsch", "host_access__admin_user": "niemand"}
    played = play(BOOTSTRAP, "secret", host_access__admin_keys=public(admin_key), **wrong)
    assert played.code == 2, played.output
    assert "Keine Anmeldung möglich: weder als „niemand“ noch als „root“" in played.text
    assert "das root-Passwort mit `-k` eingeben" in played.text
    assert "falsch" not in played.output
