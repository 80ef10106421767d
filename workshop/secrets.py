"""Generates, once, every secret that an inventory names as `vault__…` and keeps them in an encrypted vault file.
`--renew` makes others in place of some; hosts have the ones before until `playbooks/rotate-secrets.yml` was there."""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import string
import subprocess
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

from workshop.progress import fail, say

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"\bvault__[a-z0-9_]+\b")
ALPHABET = string.ascii_letters + string.digits


def _password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(40))


def _keyfile() -> str:
    return base64.b64encode(secrets.token_bytes(567)).decode()


MAKERS = {"_password": _password, "_secret": lambda: secrets.token_hex(32), "_keyfile": _keyfile}


def names_in(inventory: Path, vault_file: Path) -> list[str]:
    """Every `vault__…` name the inventory's variable files refer to."""
    files = [f for f in inventory.rglob("*.yml") if f != vault_file]
    return sorted({name for f in files for name in NAME.findall(f.read_text())})


def generate(name: str) -> str | None:
    """A fresh value by the name's ending; None where only a person can know it (a token from elsewhere)."""
    return next((make() for ending, make in MAKERS.items() if name.endswith(ending)), None)


def password_file() -> Path:
    default = Path.home() / ".config" / "upkeep" / "vault-password"
    return Path(os.environ.get("UPKEEP_VAULT_PASSWORD_FILE", default))


def ensure_password() -> bytes:
    """The vault password as `inventories/vault-password` gives it; makes the file when there is none."""
    file = password_file()
    if "UPKEEP_VAULT_PASSWORD" not in os.environ and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(_password() + "\n")
        say(f"Tresor-Passwort neu angelegt: {file} (bitte in den Passwortspeicher übernehmen)")
    answer = subprocess.run([str(ROOT / "inventories" / "vault-password")], check=True, stdout=subprocess.PIPE)
    return answer.stdout.strip()


def read_vault(vault: VaultLib, file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        return yaml.safe_load(vault.decrypt(file.read_text())) or {}
    except AnsibleError:
        fail(
            f"{file} lässt sich mit dem hinterlegten Passwort nicht öffnen. Nichts wurde geändert. "
            f"Passwort prüfen ({password_file()} oder UPKEEP_VAULT_PASSWORD); ist es verloren, die Datei "
            "beiseitelegen und die Geheimnisse mit 'make secrets' neu erzeugen."
        )


def write_vault(vault: VaultLib, file: Path, values: dict[str, str]) -> None:
    text = "# Erzeugt von `make secrets`; ändern mit: ansible-vault edit\n" + yaml.safe_dump(values, sort_keys=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".part")
    temporary.touch(mode=0o600)
    temporary.write_bytes(vault.encrypt(text))
    temporary.replace(file)


def renewable(values: dict[str, str], names: list[str]) -> set[str]:
    """Those names, when each of them can be replaced by a value of our own making."""
    for name in names:
        if name not in values:
            fail(f"{name} steht nicht im Tresor. Dort stehen: {', '.join(sorted(values)) or 'noch keine'}.")
        if name.endswith("_keyfile") or generate(name) is None:
            stops = name.endswith("_keyfile")
            why = "MongoDB müsste dafür anhalten" if stops else "diesen Wert kennt nur der Betreiber"
            fail(f"{name} lässt sich so nicht erneuern: {why} (docs/geheimnisse-wechseln.md). Geändert wurde nichts.")
    return set(names)


def main() -> None:
    parser = argparse.ArgumentParser(description="Geheimnisse eines Inventars einmalig erzeugen")
    parser.add_argument("inventory", type=Path, help="z. B. inventories/demo")
    parser.add_argument("--renew", nargs="+", default=[], metavar="vault__…", help="diese durch neue ersetzen")
    arguments = parser.parse_args()
    inventory = arguments.inventory
    if not inventory.is_dir():
        fail(f"Inventar {inventory} gibt es nicht. Vorhanden: {', '.join(p.name for p in ROOT.glob('inventories/*/'))}")
    vault_file = inventory / "group_vars" / "all" / "vault.yml"
    vault = VaultLib([("default", VaultSecret(ensure_password()))])
    values = read_vault(vault, vault_file)
    renewed = renewable(values, arguments.renew)
    missing = sorted({name for name in names_in(inventory, vault_file) if name not in values} | renewed)
    made = {name: value for name in missing if (value := generate(name))}
    if made:
        write_vault(vault, vault_file, values | made)
        say(f"{len(made)} Geheimnisse erzeugt: {vault_file}")
    if renewed:
        say(f"In Gebrauch nehmen: ansible-playbook -i {inventory} playbooks/rotate-secrets.yml")
    unknown = [name for name in missing if name not in made]
    if unknown:
        fail(f"Diese Werte kennt nur der Betreiber: {', '.join(unknown)}. Eintragen: ansible-vault edit {vault_file}")
    if not missing:
        say(f"Geheimnisse vollständig ({len(values)}): {vault_file}")


if __name__ == "__main__":
    main()
