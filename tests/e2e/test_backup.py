"""playbooks/backup.yml: the whole Lager stack to a server that only takes, over TLS of the business's own authority."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.site import EXPORTS, STACK, VAULT, Site

PLACE = "/srv/sicherung/web1"
SOURCES = ["files", "mongodb"]


@pytest.fixture(scope="module")
def saved(site: Site) -> Site:
    """Backed up once."""
    site.play("backup").good()
    return site


def listed(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.run("upkeep", "list", STACK, "--json"))["backups"]
    return found


def stored(site: Site) -> set[str]:
    """What lies on the server, but for locks."""
    kinds = ("config", "data", "index", "keys", "snapshots")
    words = ("find", *(f"{PLACE}/{kind}" for kind in kinds), "-type", "f", "-printf", "%p %s %T@\\n")
    return set(site.run(*words, host=VAULT).splitlines())


def test_the_whole_stack_lies_on_the_server_and_every_byte_of_it_is_proven(saved: Site) -> None:
    newest = listed(saved)[0]
    assert newest["complete"]
    assert set(SOURCES) <= set(newest["sources"]), newest
    checked = saved.play("backup", "-e", "verify=everything").good()
    assert checked.changed == 0, checked.output
    assert listed(saved)[0]["proven"]


def test_a_second_run_that_is_content_with_a_young_backup_makes_none(saved: Site) -> None:
    before = listed(saved)
    again = saved.play("backup", "-e", "unless_younger=3600").good()
    assert again.changed == 0, again.output
    assert listed(saved) == before


def test_check_mode_says_what_would_be_saved_and_writes_nothing(saved: Site) -> None:
    before, there = listed(saved), stored(saved)
    shown = saved.play("backup", "--check", "--diff").good()
    assert (listed(saved), stored(saved)) == (before, there)
    assert shown.changed > 0
    assert "+MongoDB „lager“ sichern" in shown.output, shown.output
    for name, value in saved.secrets().items():
        assert str(value).split()[0] not in shown.output, name


def test_another_backup_is_one_more_and_leaves_the_first_as_it_was(saved: Site) -> None:
    """How little it stores is measured where the data is known, in tests/integration/upkeep/test_backup.py."""
    before, there = listed(saved), stored(saved)
    again = saved.play("backup").good()
    assert again.changed == 1, again.output
    newest, *others = listed(saved)
    assert others == before
    assert newest["complete"]
    assert set(SOURCES) <= set(newest["sources"]), newest
    assert there < stored(saved)


def test_the_newest_backup_as_one_file_is_opened_by_hand(saved: Site) -> None:
    said = saved.run("upkeep", "export", STACK)
    newest = listed(saved)[0]["run"]
    file = f"{EXPORTS}/{STACK}-{newest}.tar.zst"
    assert file in said
    again = json.loads(saved.run("upkeep", "export", STACK, "--json"))
    assert again["result"] == "unchanged", again
    by_hand = (
        f"cd $(mktemp -d) && tar --zstd -xf {file} && sha256sum --quiet -c SHA256SUMS && ls -R . && cat LIESMICH.txt"
    )
    opened = saved.run("sh", "-ec", by_hand)
    for name in ("mongodb.archive", "compose.yml", "release.env", "app-secret", f"Lauf {newest}"):
        assert name in opened, opened
    assert saved.run("stat", "-c", "%a %U", file) == "600 root"
