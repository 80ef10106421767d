"""The recovery sheet of a stack's backups: one page to be printed and put where the server does not burn with it."""

from __future__ import annotations

import html
from datetime import datetime
from pathlib import Path
from typing import Any

from upkeep import __version__
from upkeep.backup.recovery_key import printed
from upkeep.backup.repository import of_policy
from upkeep.errors import RepositoryFailed
from upkeep.layout import StackPaths
from upkeep.policy import stack as policies
from upkeep.policy.backup import Target

PAGE = """\
<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Wiederherstellungsblatt {stack}</title>
<style>
@page {{ size: A4; margin: 18mm }}
body {{ font: 11pt/1.45 sans-serif; color: #111; max-width: 175mm; margin: 2em auto; padding: 0 1em }}
h1 {{ font-size: 20pt; margin: 0 0 .2em }} h2 {{ font-size: 12pt; margin: 1.4em 0 .3em }}
.delete {{ border: 2px solid #b00; color: #b00; padding: .5em .8em; font-weight: bold }}
.key {{ font: 15pt/1.7 monospace; border-collapse: collapse }} .key td {{ padding: 0 .45em }}
.key .n {{ font-size: 9pt; color: #666 }} .key .c {{ border-left: 1px solid #999; color: #555 }}
code {{ font-family: monospace; overflow-wrap: anywhere }} dt {{ font-weight: bold }} dd {{ margin: 0 0 .4em }}
@media print {{ .delete {{ display: none }} body {{ margin: 0; max-width: none }} }}
</style></head><body>
<p class="delete">Jetzt drucken, dann diese Datei löschen. Wer sie hat, kann die Sicherungen lesen.</p>
<h1>Wiederherstellungsblatt „{stack}“</h1>
<p>Server {host} · gedruckt am {date} · Upkeep {version}. Zu den Unterlagen in den Tresor, nicht in den Serverraum.</p>
<h2>Wo die Sicherungen liegen</h2>
<dl><dt>Adresse</dt><dd><code>{address}</code></dd>
<dt>Name des Servers darin</dt><dd><code>{host}</code></dd>{more}</dl>
<h2>Schlüssel</h2>
<table class="key">{rows}</table>
<p>Kein I, L, O und U; groß oder klein ist gleich. Rechts vom Strich stehen Prüfzeichen; sie werden mit eingetippt.</p>
<h2>Dasselbe als Passwort (für restic ohne Upkeep)</h2>
<p><code>{password}</code></p>
<h2>Wenn der Server verloren ist</h2>
<ol>
<li>Einen neuen Server mit Debian 13 bereitstellen und ins Inventar eintragen.</li>
<li>Nach der Anleitung „Server verloren: was tun“ wiederherstellen; Adresse und Schlüssel stehen oben.</li>
<li>Ohne Upkeep geht es auch: <code>restic -r ADRESSE snapshots</code>, dann
<code>restic -r ADRESSE restore NUMMER --target /tmp/zurueck</code>.</li>
</ol>
<p>Dieses Blatt gilt, bis Adresse oder Schlüssel geändert werden. Dann ein neues drucken und dieses vernichten.</p>
</body></html>
"""


def sheet(paths: StackPaths, now: datetime) -> dict[str, Any]:
    """{"html"}: secret. Raises Refused without a place for backups, RepositoryFailed for unreadable files."""
    target = of_policy(policies.read(paths.policy_file, paths.name)).target
    password = _content(target.password_file)
    words = {
        "stack": paths.name,
        "host": target.host,
        "date": f"{now.astimezone():%d.%m.%Y}",
        "version": __version__,
        "address": _content(target.address_file),
        "password": password,
    }
    told = {key: html.escape(value) for key, value in words.items()}
    return {"html": PAGE.format(**told, rows=_rows(password), more=_more(target))}


def _rows(password: str) -> str:
    rows, whole = printed(password)
    lines = [
        f"<tr><td class=n>{number}</td>{''.join(f'<td>{group}</td>' for group in row.groups)}"
        f"{'<td></td>' * (4 - len(row.groups))}<td class=c>{row.check}</td></tr>"
        for number, row in enumerate(rows, 1)
    ]
    return "".join([*lines, f"<tr><td class=n>Ende</td><td>{whole}</td></tr>"])


def _more(target: Target) -> str:
    """What else has to be at hand; keys and certificates are too long to be typed from paper."""
    needed = {
        "Zertifikat der eigenen Stelle": target.ca_file,
        "SSH-Schlüssel": target.ssh_key_file,
        "Zugangsdaten für S3": target.s3_credentials_file,
    }
    names = [name for name, file in needed.items() if file]
    return f"<dt>Dazu nötig, aus dem Tresor des Inventars</dt><dd>{', '.join(names)}</dd>" if names else ""


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise RepositoryFailed(
            "repository_address",
            f"{file} ist nicht lesbar",
            observed=exc.strerror,
            next_step="`ansible-playbook playbooks/site.yml` ausführen.",
        ) from exc
