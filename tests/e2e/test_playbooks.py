"""site.yml again: nothing to do, nothing restarted; and in check mode nothing written."""

from __future__ import annotations

import json
import re

from tests.e2e.site import Site

# What an operator would call a change; logs and what the containers themselves write are not among it.
PLACES = ("/etc", "/opt", "/root", "/srv", "/usr/local", "/var/lib/upkeep", "/home")
LIST = 'find "$@" -xdev \\( -type f -o -type l -o -type d \\) -printf "%p %y %m %U:%G %s %T@ %l\\n" | LC_ALL=C sort'
OTHER_TITLE = "Kleine Pause im Lager"
OTHER_SECRET = "ein-anderes-geheimnis-" * 3


def files(site: Site) -> set[str]:
    return set(site.run("sh", "-c", LIST, "sh", *PLACES).splitlines())


def containers(site: Site) -> set[str]:
    return set(site.run("docker", "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}").splitlines())


def test_a_second_run_changes_nothing_and_restarts_nothing(site: Site) -> None:
    before = containers(site)
    again = site.play("site").good()
    assert again.changed == 0, again.output
    assert containers(site) == before


def test_check_mode_shows_what_would_change_but_no_secret_and_writes_nothing(site: Site) -> None:
    wish = json.loads(site.stack(maintenance_title=OTHER_TITLE)) | {"lager__secret": OTHER_SECRET}
    before = files(site), containers(site)
    shown = site.play("site", "--check", "--diff", "-e", json.dumps(wish)).good()
    assert (files(site), containers(site)) == before
    assert shown.changed > 0
    assert re.search(rf"^\s*\+.*{OTHER_TITLE}", shown.output, re.MULTILINE), shown.output
    assert "app-secret" in shown.output, "dass sich ein Geheimnis ändert, soll zu sehen sein"
    for name, value in (site.secrets() | {"the new one": OTHER_SECRET}).items():
        assert str(value).split()[0] not in site.first + shown.output, name
