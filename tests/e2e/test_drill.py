"""A trial restore of the real Lager stack from the real backup server, as its timer starts it; how a broken one is told
by a real mail server and a real webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pictures import take
from tests.e2e.site import STACK, VAULT, Site
from tests.e2e.visitor import DESKTOP, PHONE, Screen, at, enter
from tests.integration.notify.conftest import Hook, Mailbox, free_port, listening

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

MARK = "import pathlib; pathlib.Path('/srv/before').touch()"
# The largest of what was stored since: what is older need not be part of the newest backup.
FLIP = (
    "import pathlib; since = pathlib.Path('/srv/before').stat().st_mtime; "
    "stored = [f for f in pathlib.Path('/srv/sicherung/web1/data').glob('*/*') if f.stat().st_mtime >= since]; "
    "f = max(stored, key=lambda f: f.stat().st_size); "
    "f.chmod(0o600); b = bytearray(f.read_bytes()); b[len(b) // 2] ^= 1; f.write_bytes(b)"
)


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    yield from listening(Hook(), None, "0.0.0.0")


@pytest.fixture(scope="module")
def mailbox(site: Site, hook: Hook) -> Iterator[Mailbox]:
    """The site tells whoever sits on this machine. Everything else of it stays as it was."""
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="0.0.0.0", port=port)
    controller.start()
    here = site.run("sh", "-c", "ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'")
    mail = {"server": here, "port": port, "security": "none", "sender": "upkeep@example.de"}
    told = {
        "upkeep_agent__notify_mail": mail | {"recipients": ["anna@example.de"]},
        "upkeep_agent__notify_webhook": {"url": f"http://{here}:{hook.port}/haken"},
    }
    site.play("site", "--tags", "upkeep_agent", "-e", json.dumps(told)).good()
    yield box
    controller.stop()
    site.play("site", "--tags", "upkeep_agent").good()


def findings(site: Site) -> dict[str, dict[str, Any]]:
    """Of the newest trial."""
    listed = site.run("sh", "-c", f"ls /var/lib/upkeep/{STACK}/runs | grep -- -drill- | tail -1")
    report = json.loads(json.loads(site.run("cat", f"/var/lib/upkeep/{STACK}/runs/{listed}"))["body"])
    return {item["name"]: item for item in report["drill"]["findings"]}


def test_the_timer_proves_the_newest_backup_and_a_broken_one_is_told_by_mail_and_webhook(
    site: Site, mailbox: Mailbox, hook: Hook, tmp_path: Path
) -> None:
    assert site.run("upkeep", "notify", "--test").count("angekommen") == 2
    site.run("python3", "-c", MARK, host=VAULT)
    site.run("upkeep", "backup", STACK)
    assert site.run("systemctl", "is-enabled", f"upkeep-drill@{STACK}.timer") == "enabled"
    site.run("systemctl", "start", f"upkeep-drill@{STACK}.service")
    found = findings(site)
    assert all(item["good"] for item in found.values()), found
    assert "In Ordnung" in found["eigene Prüfung „lager ledger verify“"]["found"]
    assert found["lager.bookings"]["good"]
    mailbox.messages.clear()
    hook.documents.clear()
    site.run("python3", "-c", FLIP, host=VAULT)
    played = site.play("drill", "-e", f"reports={tmp_path}")
    site.run("python3", "-c", FLIP, host=VAULT)
    assert played.code != 0, played.output
    site.run("upkeep", "watch", STACK)  # the end of the run has told it already, or this does
    (letter,) = mailbox.messages
    assert letter["Subject"] == "[Upkeep web1] ALARM lager: Wiederherstellungsübung gescheitert"
    assert [item["code"] for item in hook.documents] == ["drill_failed"]
    (report,) = tmp_path.iterdir()
    assert "Nicht bestanden" in report.read_text()
    site.run("systemctl", "start", f"upkeep-drill@{STACK}.service")
    site.run("upkeep", "watch", STACK)
    assert mailbox.messages[-1]["Subject"] == "[Upkeep web1] Entwarnung lager: Wiederherstellungsübung gescheitert"
    assert hook.documents[-1]["kind"] == "all_clear"
    assert site.run("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={STACK}_drill") == ""


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=lambda screen: screen.name)
def test_an_admin_sees_the_backups_makes_one_and_takes_the_report(
    site: Site, mailbox: Mailbox, browser: Browser, screen: Screen
) -> None:
    with at(browser, site, screen) as page:
        enter(page, site)
        page.goto("/einstellungen")
        card = page.get_by_role("region", name="Sicherung")
        expect(card.get_by_text("die App lief darauf nach")).to_be_visible()
        before = json.loads(site.run("upkeep", "list", STACK, "--json"))["backups"][0]["run"]
        card.get_by_role("button", name="Jetzt sichern").click()
        expect(card.get_by_text("Es wird gesichert")).to_be_visible()
        expect(card.get_by_text("Es wird gesichert")).not_to_be_visible(timeout=60_000)
        assert json.loads(site.run("upkeep", "list", STACK, "--json"))["backups"][0]["run"] > before
        expect(card.get_by_role("img", name="Umfang und Dauer")).to_be_visible()
        assert "Wiederherstellungsübung" in downloaded(page)
        card.scroll_into_view_if_needed()
        take(page, f"sicherung-{screen.name}")


def downloaded(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("link", name="Bericht").click()
    return Path(download.value.path()).read_text()
