"""playbooks/rotate-secrets.yml: the backups get another password, on a server that only takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.site import PLAYBOOK, ROOT, STACK, Site

pytestmark = pytest.mark.faults

NAME = "vault__backup_password"
FILE = f"/srv/upkeep/{STACK}/secrets/backup-password"


def forget(site: Site, name: str) -> None:
    """What an operator does: the line is deleted from the vault, and a new value made."""
    left = {key: value for key, value in site.secrets().items() if key != name}
    vault = site.inventory / "group_vars/all/vault.yml"
    vault.write_text(yaml.safe_dump(left))
    encrypt = [str(Path(PLAYBOOK).parent / "ansible-vault"), "encrypt", str(vault)]
    for argv in (encrypt, [sys.executable, "-m", "workshop.secrets", str(site.inventory)]):
        subprocess.run(argv, cwd=ROOT, env=site.environment, check=True, capture_output=True)


def test_another_password_opens_the_backups_and_the_playbooks_agree_on_it(site: Site) -> None:
    site.play("backup").good()
    before = site.secrets()[NAME]
    forget(site, NAME)
    wanted = site.secrets()[NAME]
    assert site.run("cat", FILE) == before != wanted
    shown = site.play("rotate-secrets", "--check", "--diff").good()
    assert shown.changed > 0
    assert "Das Sicherungsziel bekäme ein neues Passwort." in shown.output
    assert site.run("cat", FILE) == before
    done = site.play("rotate-secrets", "--diff").good()
    assert done.changed > 0
    assert site.run("cat", FILE) == wanted
    assert "gilt noch" in done.output  # this server lets nobody take a key away
    assert "-next" not in site.run("sh", "-c", f"ls {FILE}*")
    assert not [one for one in (before, wanted) if one in shown.output + done.output]
    for name in ("rotate-secrets", "site"):
        again = site.play(name).good()
        assert again.changed == 0, again.output
    site.play("backup").good()
    sheet = site.run("upkeep", "recovery-sheet", STACK, "--into", "-")
    assert "Wiederherstellungsblatt" in sheet
