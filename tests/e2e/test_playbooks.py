"""site.yml again: nothing to do, nothing restarted; and in check mode nothing written."""

from __future__ import annotations

import json

from tests.e2e.site import Site

# What an operator would call a change; logs and what the containers themselves write are not among it.
PLACES = ("/etc", "/opt", "/root", "/srv", "/usr/local", "/var/lib/upkeep", "/home")
LIST = 'find "$@" -xdev \\( -type f -o -type l -o -type d \\) -printf "%p %y %m %U:%G %s %T@ %l\\n" | LC_ALL=C sort'
OTHER_TITLE = "Kleine Pause im Lager"


def files(site: Site) -> set[str]:
    return set(site.run("sh", "-c", LIST, "sh", *PLACES).splitlines())


def containers(site: Site) -> set[str]:
    return set(site.run("docker", "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}").splitlines())


def test_a_second_run_changes_nothing_and_restarts_nothing(site: Site) -> None:
    before = containers(site)
    again = site.play("site").good()
    assert again.changed == 0, again.output
    assert containers(site) == before


def test_check_mode_shows_what_would_change_and_writes_nothing(site: Site) -> None:
    wish = json.dumps({"lager__stack": {"maintenance_title": OTHER_TITLE}})
    before = files(site), containers(site)
    shown = site.play("site", "--check", "--diff", "-e", wish).good()
    assert shown.changed > 0
    assert f"+ {OTHER_TITLE}" in shown.output.replace("+title ", "+ ").replace("+  title: ", "+ ")
    assert (files(site), containers(site)) == before


def test_no_secret_is_in_any_output(site: Site) -> None:
    """Also not in the diff of files that hold them."""
    shown = site.play("site", "--check", "--diff", "-e", json.dumps({"lager__secret": "ein-anderes-geheimnis-" * 3}))
    for name, value in site.secrets().items():
        assert str(value) not in site.first + shown.output, name
    assert "ein-anderes-geheimnis" not in shown.output
