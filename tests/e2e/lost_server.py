"""What is left of a server that burnt down: the printed sheet, the backup server; and an inventory for the next one."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from tests.e2e.site import HOST, ROOT, Site


def read_from_paper(sheet: str) -> dict[str, str]:
    """Address and key, as somebody types them from the printed recovery sheet."""
    (address,) = re.findall(r"<dt>Adresse</dt><dd><code>(.*?)</code>", sheet)
    (table,) = re.findall(r'<table class="key">(.*?)</table>', sheet, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row)[1:] for row in re.findall(r"<tr>(.*?)</tr>", table)]
    return {"address": html.unescape(address), "recovery_key": " ".join(cell for row in cells for cell in row if cell)}


def with_new_secrets(site: Site, place: Path, target: dict[str, object], writable: tuple[str, ...] = ()) -> Site:
    """An inventory for the same host from which every secret of the lost one is gone."""
    shutil.copytree(site.inventory, place, ignore=shutil.ignore_patterns("vault.yml"))
    hosts = yaml.safe_load((place / "hosts.yml").read_text())
    del hosts["backup_servers"]
    host = hosts["docker_hosts"]["hosts"][HOST]
    host["lager__stack"]["backup_target"] = target
    host["upkeep_agent__writable"] += writable
    (place / "hosts.yml").write_text(yaml.safe_dump(hosts))
    argv = [sys.executable, "-m", "workshop.secrets", str(place)]
    subprocess.run(argv, cwd=ROOT, env=site.environment, check=True, capture_output=True)
    return replace(site, inventory=place)


def authority(site: Site) -> str:
    """Whose certificate the backup server has."""
    hosts = yaml.safe_load((site.inventory / "hosts.yml").read_text())
    return str(hosts["docker_hosts"]["hosts"][HOST]["lager__stack"]["backup_target"]["ca"])
