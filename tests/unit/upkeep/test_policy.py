from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.placed import policy as good_policy
from upkeep.errors import PolicyInvalid
from upkeep.policy import stack as policies
from upkeep.policy.commands import Hook, HooksPolicy, MigrationPolicy
from upkeep.policy.stack import Strategy

SECRETS = Path("/srv/upkeep/lager/secrets")


def parse(**changes: Any) -> policies.Policy:
    return policies.parse(good_policy(SECRETS, 1, True) | changes, "lager")


def problem(**changes: Any) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        parse(**changes)
    return str(caught.value)


def test_defaults_of_the_contract() -> None:
    update = parse(update={}).update
    assert update.strategy is Strategy.RECREATE
    assert (update.ready_count, update.ready_interval, update.ready_timeout) == (3, 0.25, 120)
    assert (update.drain_timeout, update.stop_timeout, update.pull_timeout) == (30, 15, 900)
    assert (update.probation, update.minimum_free_mb, update.backup_before) == (0, 1024, False)


def test_slots_have_names() -> None:
    app = {"port": 8000, "health_path": "/health", "version_path": None, "slots": 3}
    assert parse(app=app).app.slot_names == ("app-1", "app-2", "app-3")


def test_database_users_and_their_files() -> None:
    mongodb = parse().mongodb
    assert mongodb is not None
    assert mongodb.users[0].password_file == SECRETS / "app"
    assert mongodb.users[0].roles == ("readWrite",)


def test_no_database_is_fine() -> None:
    assert parse(databases={}).mongodb is None


def test_typo_names_the_key_and_suggests_the_right_one() -> None:
    assert problem(update={"ready_timout": 5}) == (
        "stack.yml: update.ready_timout ist kein bekannter Schlüssel. Gemeint ist vielleicht „ready_timeout“."
    )


def test_negative_timeout_names_value_and_limit() -> None:
    assert problem(update={"drain_timeout": -1}) == (
        "stack.yml: update.drain_timeout ist ungültig (gefunden: -1; erwartet: 0 bis 3600 Sekunden). "
        "Wert im Inventar ändern und das Playbook erneut ausführen."
    )


def test_no_slots_are_refused() -> None:
    message = problem(app={"port": 8000, "health_path": "/", "slots": 0})
    assert "app.slots ist ungültig (gefunden: 0; erwartet: ganze Zahl von 1 bis 16)" in message


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"schema": 2}, "schema ist ungültig (gefunden: 2; erwartet: ganze Zahl von 1 bis 1)"),
        ({"stack": "anders"}, "stack ist ungültig (gefunden: 'anders'; erwartet: lager)"),
        ({"image": {}}, "image braucht channel oder pin (gefunden: nichts davon; erwartet: genau eines)"),
        ({"image": {"channel": "a:b", "pin": "a:b"}}, "gefunden: beides"),
        ({"image": {"channel": "Groß:1"}}, "image.channel ist ungültig"),
        ({"image": {"channel": f"lager@sha256:{'0' * 64}"}}, "ein Digest ist ein pin"),
        ({"update": {"strategy": "bluegreen"}}, "erwartet: recreate oder rolling"),
        ({"update": {"ready_count": True}}, "erwartet: ganze Zahl von 1 bis 100"),
        ({"update": {"probation": "lang"}}, "erwartet: 0 bis 3600 Sekunden"),
        ({"app": {"port": 8000, "health_path": "health"}}, "Pfad, der mit / beginnt"),
        ({"app": {"port": 8000, "health_path": None}}, "app.health_path ist ungültig (gefunden: nichts"),
        ({"app": {"health_path": "/"}}, "app.port fehlt"),
        ({"published": [{"host_port": 70000}]}, "published[0].host_port ist ungültig"),
        ({"published": 80}, "published ist ungültig (gefunden: 80; erwartet: Liste)"),
        ({"registries_allowed": "ghcr.io"}, "erwartet: Liste von Texten"),
        ({"databases": {"postgres": {}}}, "databases.postgres ist kein bekannter Schlüssel"),
        ({"update": []}, "update muss Schlüssel und Werte enthalten"),
    ],
)
def test_nonsense_is_refused_with_key_value_and_limit(changes: dict[str, Any], part: str) -> None:
    assert part in problem(**changes)


def test_secret_values_cannot_leak_from_a_long_wrong_value() -> None:
    assert len(problem(gate_image={"password": "x" * 500})) < 300


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match=r"ist nicht lesbar.*site.yml"):
        policies.read(tmp_path / "stack.yml", "lager")


def test_broken_yaml_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "stack.yml").write_text("schema: [1\nstack: lager")
    with pytest.raises(PolicyInvalid, match=r"kein gültiges YAML.*line 2"):
        policies.read(tmp_path / "stack.yml", "lager")


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "stack.yml").write_text(yaml.safe_dump(good_policy(SECRETS, 2, False)))
    assert policies.read(tmp_path / "stack.yml", "lager").app.slots == 2


def test_no_migration_and_no_hooks_unless_asked_for() -> None:
    policy = parse()
    assert policy.migration is None
    assert policy.hooks == HooksPolicy()


def test_migration_is_compatible_and_has_ten_minutes_unless_said_otherwise() -> None:
    migration = parse(migration={"command": ["lager", "migrate"]}).migration
    assert migration == MigrationPolicy(("lager", "migrate"), 600, compatible=True)


def test_hooks_before_after_and_for_alarms() -> None:
    hooks = parse(
        hooks={"before": [{"command": ["/bin/true"]}], "alarm": [{"command": ["logger"], "timeout": 5}]}
    ).hooks
    assert hooks == HooksPolicy(before=(Hook(("/bin/true",), 60),), alarm=(Hook(("logger",), 5),))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"migration": {"command": "lager migrate"}}, "migration.command ist ungültig (gefunden: 'lager migrate'"),
        ({"migration": {"command": []}}, "erwartet: Liste: Programm und seine Argumente als Texte"),
        ({"migration": {}}, "migration.command fehlt"),
        ({"migration": {"command": ["x"], "timeout": 0}}, "migration.timeout ist ungültig (gefunden: 0"),
        ({"migration": {"command": ["x"], "compatible": "nein"}}, "erwartet: true oder false"),
        ({"migration": {"comand": ["x"]}}, "migration.command fehlt"),
        ({"hooks": {"before": [{"command": ["./pruefen"]}]}}, "hooks.before[0].command ist ungültig"),
        ({"hooks": {"after": [{"command": ["x"], "timeout": -1}]}}, "hooks.after[0].timeout ist ungültig"),
        ({"hooks": {"befor": []}}, "Gemeint ist vielleicht „before“"),
    ],
)
def test_bad_migrations_and_hooks_are_refused(changes: dict[str, Any], part: str) -> None:
    assert part in problem(**changes)
