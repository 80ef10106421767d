"""`make secrets`: what is missing is made, what shall be renewed is replaced, everything else stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

ROOT = Path(__file__).parents[3]
WANTED = "a: '{{ vault__one_password }}'\nb: '{{ vault__two_secret }}'\nc: '{{ vault__a_keyfile }}'\n"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yml").write_text(WANTED)
    assert made(tmp_path).returncode == 0
    return tmp_path


def made(inventory: Path, *renew: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "workshop.secrets", str(inventory), *(["--renew", *renew] if renew else [])]
    environment = {**os.environ, "UPKEEP_VAULT_PASSWORD": "nur-hier"}
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def values(inventory: Path) -> dict[str, str]:
    vault = VaultLib([("default", VaultSecret(b"nur-hier"))])
    found: dict[str, str] = yaml.safe_load(vault.decrypt((inventory / "group_vars/all/vault.yml").read_text()))
    return found


def test_only_what_is_named_is_renewed_and_no_value_is_shown(inventory: Path) -> None:
    before = values(inventory)
    done = made(inventory, "vault__one_password")
    after = values(inventory)
    assert done.returncode == 0, done.stderr
    assert {name for name in before if before[name] != after[name]} == {"vault__one_password"}
    assert "rotate-secrets.yml" in done.stdout
    assert not [value for value in (*before.values(), *after.values()) if value in done.stdout + done.stderr]


@pytest.mark.parametrize(
    ("name", "why"), [("vault__a_keyfile", "MongoDB"), ("vault__gone_password", "nicht im Tresor")]
)
def test_what_cannot_be_renewed_so_leaves_everything_as_it_was(inventory: Path, name: str, why: str) -> None:
    before = values(inventory)
    done = made(inventory, "vault__one_password", name)
    assert done.returncode != 0
    assert why in done.stdout + done.stderr
    assert values(inventory) == before
