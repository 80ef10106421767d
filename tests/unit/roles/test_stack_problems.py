"""Wrong variables of role stack: said in German, before a host is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.rendering import Rendering

MONGODB = {"name": "x", "root_password": "pl4nted", "keyfile": "pl4nted"}

CASES: list[tuple[dict[str, Any], str]] = [
    ({"straegy": "rolling"}, "gemeint ist vielleicht stack__strategy"),
    ({"strategy": "rollin"}, "stack__strategy: „rollin“ gibt es nicht; möglich: recreate, rolling."),
    ({"slots": 0}, "stack__slots ist ungültig (gefunden: 0; erwartet: ganze Zahl von 1 bis 16)"),
    ({"slots": "viele"}, "stack__slots: „viele“ ist falsch; erwartet: ganze Zahl."),
    ({"ready_timeout": -5}, "stack__ready_timeout ist ungültig (gefunden: -5"),
    ({"image": {}}, "image braucht channel oder pin"),
    ({"image": {"channel": "a:b", "pin": "a:c"}}, "image braucht channel oder pin"),
    ({"health_path": "gesund"}, "stack__health_path ist ungültig"),
    ({"read_only": "vielleicht"}, "stack__read_only: „vielleicht“ ist falsch; erwartet: true oder false."),
    ({"tmpfs": "/tmp"}, "stack__tmpfs: „/tmp“ ist falsch; erwartet: Liste."),
    ({"app_user": 0}, "0 wäre root"),
    ({"max_body": "viel"}, "stack__max_body: „viel“ ist keine Größe"),
    ({"request_timeout": 0}, "stack__request_timeout: 0 liegt nicht zwischen 1 und 86400"),
    ({"trusted_proxies": ["proxy.lan"]}, "„proxy.lan“ ist keine Adresse und kein Netz"),
    ({"published": [{"host_port": 80, "bind": "überall"}]}, "stack__published: „überall“ ist keine Adresse"),
    ({"published": [{"host_port": 70000}]}, "published[0].host_port ist ungültig"),
    ({"host_names": ["https://x.de"]}, "ist kein Rechnername (ohne http:// und ohne Port)"),
    ({"secret_paths": ["einladung/*"]}, "„einladung/*“ ist kein Pfad der Form /einladung/"),
    ({"environment": {"A B": "x"}}, "„A B“ ist kein Name einer Umgebungsvariablen"),
    ({"environment": {"PORT": "1"}}, "PORT setzt die Rolle selbst"),
    ({"secrets": {"../x": "pl4nted"}}, "„../x“ ist kein Dateiname"),
    ({"secrets": {"x": " "}}, "stack__secrets: x ist leer"),
    ({"secrets": "pl4nted"}, "stack__secrets: ist falsch; erwartet: Wörterbuch."),
    ({"secrets": {"ticket-key": "pl4nted"}}, "ticket-key: ticket-key, mongodb-…, backup-… legt die Rolle an"),
    ({"secrets": {"backup-password": "pl4nted"}}, "backup-password: ticket-key, mongodb-…, backup-… legt die Rolle an"),
    ({"door_origins": ["https://x.de"]}, "stack__ticket_key ist ungültig (gefunden: nichts; erwartet: ein oder zwei"),
    ({"ticket_key": "pl4nted"}, "stack__ticket_key ist ungültig (gefunden: 7 Zeichen"),
    ({"door_origins": ["https://x.de/"], "ticket_key": "k" * 32}, "stack__door_origins ist ungültig (gefunden: 'https"),
    ({"door_origins": ["https://x.de:443"], "ticket_key": "k" * 32}, "stack__door_origins ist ungültig"),
    ({"door_origins": ["*"], "ticket_key": "k" * 32}, "Adresse ohne Pfad, zum Beispiel https://lager.example.de"),
    (
        {"door_origins": ["http://x"], "ticket_key": "k" * 32, "door_actions": ["reboot"]},
        "stack__door_actions ist ungü",
    ),
    ({"environment_secrets": {"X": "pl4nted'"}}, "darf nicht leer sein und weder ' noch Zeilenumbrüche"),
    ({"volumes": [{"target": "/data"}]}, "/data braucht genau eines: name (Docker-Volume) oder source"),
    ({"volumes": [{"name": "x", "target": "data"}]}, "target „data“ muss mit / beginnen"),
    ({"databases": {"postgres": {}}}, "postgres kennt diese Version nicht; möglich ist mongodb"),
    ({"databases": {"mongodb": {"name": "x", "keyfile": "pl4nted"}}}, "stack__databases.mongodb: root_password fehlt."),
    ({"databases": {"mongodb": MONGODB | {"speicher": "1G"}}}, "speicher kennt die Rolle nicht"),
    ({"databases": {"mongodb": MONGODB | {"users": [{"name": "a"}]}}}, "a braucht name und password"),
    ({"migration": {"command": "lager migrate"}}, "stack__migration.command ist ungültig (gefunden: 'lager migrate'"),
    ({"migration": {"timeout": 5}}, "stack__migration.command fehlt"),
    ({"migration": {"command": ["x"], "compatible": 1}}, "stack__migration.compatible ist ungültig"),
    ({"hooks": {"before": [{"command": ["./x"]}]}}, "stack__hooks.before[0].command ist ungültig"),
    ({"hooks": {"davor": []}}, "stack__hooks.davor ist kein bekannter Schlüssel"),
    ({"hooks": ["/bin/true"]}, "stack__hooks: „['/bin/true']“ ist falsch; erwartet: Wörterbuch."),
    ({"check_at": "um sechs"}, "stack__check_at: „um sechs“ ist kein Zeitplan"),
    ({"check_jitter": -1}, "stack__check_jitter: -1 liegt nicht zwischen 0 und 86400"),
    ({"image": {"channel": "ghcr.io/a/b", "versions": "neu"}}, "zum Beispiel „>=1.4 <2“"),
    ({"image": {"channel": "ghcr.io/a/b:c", "versions": ">=1"}}, "Name ohne Tag, wenn versions angegeben ist"),
    ({"maintenance_accent": "rot"}, "„rot“ ist keine Farbe der Form #rrggbb"),
    ({"maintenance_logo": "/gibt/es/nicht.svg"}, "ist keine SVG- oder PNG-Datei auf diesem Rechner"),
]


@pytest.mark.parametrize(("given", "message"), CASES, ids=[message[:40] for _, message in CASES])
def test_wrong_setting_is_named_with_value_and_limit(given: dict[str, Any], message: str) -> None:
    role = Rendering("stack", stack__name="portal", stack__image={"channel": "ghcr.io/a/b:c"}, stack__given=given)
    (problem,) = role.value("__stack__problems")
    assert message in problem
    assert "pl4nted" not in problem


@pytest.mark.parametrize(
    "moment", ["", "daily", "*-*-* 06:00", "Mon..Fri 06:30", "*:0/15", "Sat *-*-1..7 18:00:00 Europe/Berlin"]
)
def test_schedules_that_systemd_understands(moment: str) -> None:
    given = {"check_at": moment}
    role = Rendering("stack", stack__name="portal", stack__image={"channel": "ghcr.io/a/b:c"}, stack__given=given)
    assert role.value("__stack__problems") == []


def test_name_must_be_one() -> None:
    role = Rendering("stack", stack__name="Mein Portal", stack__image={"channel": "ghcr.io/a/b:c"})
    assert "stack__name: „Mein Portal“ geht nicht" in role.value("__stack__problems")[0]


def test_logo_must_be_small(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(b"x" * 5000)
    image = {"channel": "ghcr.io/a/b:c"}
    role = Rendering("stack", stack__name="portal", stack__image=image, stack__maintenance_logo=str(logo))
    assert "hat 5000 Bytes; höchstens 4096" in role.value("__stack__problems")[0]
