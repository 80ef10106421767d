"""Seed 000 as it was lived: `docker compose up` by hand, then taken over, updated both ways, removed. In this order."""

from __future__ import annotations

import requests

from tests.faults.plays import until
from tests.integration.foreign.conftest import ADMIN_WORD, REPOSITORY, STACK, Portal
from tests.integration.foreign.customers import PERSON, Customers

OLD = "/opt/bhb-invoice-portal"
PROJECT = "bhb-invoice-portal"
VOLUME = f"{PROJECT}_daten"
COMPOSE = f"""\
services:
  app:
    image: registry.upkeep.test:5000/{REPOSITORY}:stable
    user: root
    restart: always
    expose: ["5000"]
    environment: {{PORT: "5000", FIRMA: Muster Haustechnik GmbH, SMTP_PASSWORT: streng-geheim-4711}}
    volumes: [daten:/app/data]
  proxy:
    image: haproxy:3.0
    user: root
    restart: unless-stopped
    ports: ["80:5000"]
    volumes: ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
    depends_on: [app]
volumes:
  daten: {{}}
"""
PROXY = """\
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend web
  bind :5000
  default_backend app
backend app
  server app app:5000
"""
TAKEN = {"volumes": [{"name": "daten", "target": "/app/data", "external": VOLUME}]}
SUMS = f"cd /var/lib/docker/volumes/{VOLUME}/_data && find . -type f ! -name '.*' | sort | xargs -d '\\n' sha256sum"
WISH = {"stack": STACK, "project": OLD}


def start_the_old_way(portal: Portal) -> None:
    portal.host.run("mkdir", "-p", OLD)
    for name, text in (("docker-compose.yml", COMPOSE), ("haproxy.cfg", PROXY)):
        portal.host.run("sh", "-c", f"cat > {OLD}/{name}", stdin=text)
    portal.host.run("sh", "-c", f"cd {OLD} && docker compose up -d --quiet-pull 2>&1")
    until(lambda: portal.host.page().endswith("OK\n200"), 30, "das alte Portal antwortet")
    for number in range(1, 4):
        invoice = {"customer": f"Altkunde {number}", "amount": "100"}
        assert requests.post(f"{portal.url}/api/invoices", json=invoice, timeout=10).status_code == 201
    document = f"{portal.url}/api/invoices/1001/documents/Plan.pdf"
    assert requests.put(document, data=bytes(range(256)) * 2000, timeout=10).status_code == 201


def sums(portal: Portal) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in portal.host.shell(SUMS).splitlines())
    return {name: digest for digest, name in lines}


def containers(portal: Portal) -> str:
    return portal.host.run("docker", "ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}")


def under_way(portal: Portal) -> bool:
    return (portal.host.running() or {}).get("phase") in ("retire", "gate", "copy", "own", "start")


def test_a_look_says_what_would_happen_and_changes_nothing(portal: Portal) -> None:
    start_the_old_way(portal)
    before = containers(portal), sums(portal), portal.host.run("ls", "/srv/upkeep")
    refused = portal.play("adopt", stacks=portal.settings(), **WISH)
    assert refused.code != 0
    assert f"external: {VOLUME}" in refused.text
    seen = portal.fine("adopt", stacks=portal.settings(**TAKEN), **WISH)
    for word in ("an seine Stelle tritt das Gate", f"Volume {VOLUME}", "0.0.0.0:80 (proxy) übernimmt das Gate"):
        assert word in seen.text
    assert "SMTP_PASSWORT (Geheimnis): setzt der Stack nicht" in seen.text
    assert "streng-geheim-4711" not in seen.output
    assert f"confirm={PROJECT}" in seen.text
    assert seen.recap("web1", "changed") == 0
    assert (containers(portal), sums(portal), portal.host.run("ls", "/srv/upkeep")) == before


def test_failed_takeover_gives_the_old_project_back(portal: Portal) -> None:
    before, running = sums(portal), containers(portal)
    broken = portal.settings(**TAKEN, health_path="/nicht-da", ready_timeout=3)
    played = portal.play("adopt", stacks=broken, confirm=PROJECT, **WISH)
    assert played.code != 0
    assert "läuft wieder wie vorher" in played.text
    assert sums(portal) == before
    assert containers(portal) == running
    assert portal.host.page().endswith("OK\n200")


def test_takeover_loses_nothing_though_the_play_is_killed(portal: Portal) -> None:
    before = sums(portal)
    with Customers(portal.url, "Übernahme") as customers:
        given = portal.testbed_settings | {"stacks": portal.settings(**TAKEN), "confirm": PROJECT} | WISH
        playing = portal.plays.start("adopt", **given)
        until(lambda: under_way(portal), 120, "die Übernahme ist im Gange", every=0.02)
        playing.kill()
        until(lambda: portal.host.running() is None, 60, "die Übernahme ist zu Ende")
    after = sums(portal)
    assert {name: after[name] for name in before} == before
    assert customers.acknowledged
    assert not customers.missing()
    assert any("Das Rechnungsportal ist gleich wieder da." in page for page in customers.pages)
    again = portal.fine("adopt", stacks=portal.settings(**TAKEN), confirm=PROJECT, **WISH)
    assert "ist schon übernommen" in again.text
    assert again.recap("web1", "changed") == 0
    assert portal.host.run("cat", f"{OLD}/docker-compose.yml") == COMPOSE.strip()


def test_update_with_maintenance_page(portal: Portal) -> None:
    portal.publish("1.1.0")
    with Customers(portal.url, "Wartung") as customers:
        portal.fine("update", stacks=portal.settings(**TAKEN))
    assert any("Das Rechnungsportal ist gleich wieder da." in page for page in customers.pages)
    assert "Version 1.1.0" in customers.pages[-1]
    assert set(customers.answers) == {"200", "201", "503"}
    assert not customers.missing()
    assert "Summe" in requests.get(portal.url, headers=PERSON, timeout=10).text


def test_broken_version_goes_back_by_itself(portal: Portal) -> None:
    portal.publish("1.2.0")
    played = portal.play("update", stacks=portal.settings(**TAKEN))
    assert played.code != 0
    assert "1.1.0 läuft weiter" in played.text
    assert "Version 1.1.0" in requests.get(portal.url, headers=PERSON, timeout=10).text


def test_rolling_update_is_not_noticed(portal: Portal) -> None:
    rolling = portal.settings(**TAKEN, slots=2, strategy="rolling", bake=1)
    portal.fine("deploy", stacks=rolling)
    portal.publish("1.3.0", sources="1.1.0")
    with Customers(portal.url, "rollend") as customers:
        portal.fine("update", stacks=rolling)
    assert set(customers.answers) == {"200", "201"}
    assert not customers.missing()
    assert "Version 1.3.0" in customers.pages[-1]


def test_administration_updates_the_portal_from_the_browser(portal: Portal) -> None:
    portal.publish("1.4.0", sources="1.1.0")
    office, door = f"{portal.url}/api/v1/system/ticket", f"{portal.url}/api/system/start-update"
    page = {"Origin": portal.url, "X-Upkeep-Request": "1"}
    for word in ("", "Bearer falsch"):
        refused = requests.post(office, json={"action": "start-update"}, headers={"Authorization": word}, timeout=10)
        assert (refused.status_code, "ticket" in refused.json()) == (403, False)
    admin = {"Authorization": f"Bearer {ADMIN_WORD}"}
    assert requests.post(office, json={"action": "start-backup"}, headers=admin, timeout=10).status_code == 422
    given = requests.post(office, json={"action": "start-update"}, headers=admin, timeout=10).json()
    started = requests.post(door, json=given, headers=page, timeout=20)
    assert started.status_code == 202, started.text
    replayed = requests.post(door, json=given, headers=page, timeout=20)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "ticket_used")
    report = portal.host.report(started.json()["run"], 120)
    assert (report["result"], report["starter"]) == ("updated", "door:verwaltung")
    assert "Version 1.4.0" in requests.get(portal.url, headers=PERSON, timeout=10).text
    rolling = portal.settings(**TAKEN, slots=2, strategy="rolling", bake=1)
    assert portal.fine("site", stacks=rolling).recap("web1", "changed") == 0


def test_removed_portal_comes_back_on_its_data_or_is_gone_for_good(portal: Portal) -> None:
    before = sums(portal)
    removed, again = portal.fine("remove", stack=STACK), portal.fine("remove", stack=STACK)
    assert (removed.recap("web1", "changed"), again.recap("web1", "changed")) == (1, 0)
    assert f"Volume {VOLUME}" in removed.text
    assert portal.host.containers() == {}
    portal.fine("deploy", stacks=portal.settings(**TAKEN))
    assert sums(portal) == before
    assert "Version 1.4.0" in requests.get(portal.url, headers=PERSON, timeout=10).text
    portal.host.run("docker", "compose", "-p", PROJECT, "rm", "-f")
    portal.fine("remove", stack=STACK, data="delete", confirm=STACK)
    assert VOLUME not in portal.host.run("docker", "volume", "ls", "-q")
    places = ("/etc", "/run/upkeep", "/srv/upkeep", "/var/lib/upkeep", "/var/lib/systemd")
    assert portal.host.run("find", *places, "-name", f"*{STACK}*") == ""
