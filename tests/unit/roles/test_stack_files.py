"""What role stack places on a host: compose.yml, stack.yml, gate, secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.roles.rendering import Rendering
from upkeep.agent.public import OPERATIONS
from upkeep.door.agent import PublicAgent
from upkeep.door.http import BODY_LIMIT
from upkeep.door.routes import Door
from upkeep.policy import stack as policies
from upkeep.tickets.actions import Action

CONTENT = re.compile(r"\.[0-9a-f]{4}$")
PLANTED = "pl4nted-$ecret"
MONGODB = {
    "name": "lager",
    "root_password": f"{PLANTED}-root",
    "keyfile": f"{PLANTED}-key",
    "users": [{"name": "lager-app", "password": f"{PLANTED}-user"}],
}
MINIMAL = {"stack__name": "portal", "stack__image": {"channel": "ghcr.io/firma/portal:stable"}}
FULL = MINIMAL | {
    "stack__slots": 2,
    "stack__environment": {"PREIS": 'fünf $ "und" #mehr', "ANZAHL": 5},
    "stack__secrets": {"session-key": f"{PLANTED}-session"},
    "stack__door_origins": ["https://portal.example", "http://10.0.0.5:8080"],
    "stack__ticket_key": f"{PLANTED}-ticket-key-newer-one\n{PLANTED}-ticket-key-older-one\n",
    "stack__environment_secrets": {"TOKEN": f"{PLANTED}-token"},
    "stack__volumes": [
        {"name": "files", "target": "/data"},
        {"source": "/srv/share", "target": "/in", "read_only": True},
    ],
    "stack__databases": {"mongodb": MONGODB},
    "stack__command": ["serve", "--price=$5"],
    "stack__trusted_proxies": ["10.0.0.0/8"],
    "stack__host_names": ["portal.example"],
    "stack__published": [{"host_port": 8080, "bind": "127.0.0.1"}, {"host_port": 8081, "bind": "::1"}],
}


@pytest.fixture(scope="module", params=[MINIMAL, FULL], ids=["minimal", "full"])
def role(request: pytest.FixtureRequest) -> Rendering:
    return Rendering("stack", **request.param)


@pytest.fixture(scope="module")
def full() -> Rendering:
    return Rendering("stack", **FULL)


def services(role: Rendering) -> dict[str, dict[str, Any]]:
    return role.yaml("compose.yml.j2")["services"]


def test_nothing_is_wrong_with_good_variables(role: Rendering) -> None:
    assert role.value("__stack__problems") == []


def test_migration_and_hooks_reach_the_policy() -> None:
    migration = {"command": ["lager", "migrate", "--ziel=$5"], "compatible": False}
    hooks = {"after": [{"command": ["/usr/bin/logger", "fertig"]}]}
    role = Rendering("stack", **MINIMAL, stack__migration=migration, stack__hooks=hooks)
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal")
    assert policy.migration is not None
    assert (policy.migration.command, policy.migration.compatible) == (("lager", "migrate", "--ziel=$5"), False)
    assert [hook.command for hook in policy.hooks.after] == [("/usr/bin/logger", "fertig")]


def test_stack_without_them_says_nothing_about_them(role: Rendering) -> None:
    assert {"migration", "hooks"}.isdisjoint(role.yaml("stack.yml.j2"))


def test_agent_understands_the_policy(role: Rendering) -> None:
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal")
    assert policy.stack == "portal"
    assert set(policy.app.slot_names) == {name for name in services(role) if name.startswith("app-")}


def test_every_container_is_locked_in(role: Rendering) -> None:
    for name, service in services(role).items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert all(int(number) > 0 for number in service["user"].split(":")), name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] == "unless-stopped", name
        assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"} & set(service), name


def test_no_container_sees_docker_and_no_bind_makes_its_source(role: Rendering) -> None:
    for service in services(role).values():
        for mount in service.get("volumes", []):
            assert "docker.sock" not in mount["source"]
            if mount["type"] == "bind":
                assert mount["bind"] == {"create_host_path": False}


def test_only_the_gate_is_published_and_the_database_only_reaches_the_application(full: Rendering) -> None:
    compose = full.yaml("compose.yml.j2")
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["gate"]
    assert compose["services"]["gate"]["ports"] == ["127.0.0.1:8080:8080", "[::1]:8081:8080"]
    assert compose["services"]["mongodb"]["networks"] == ["data"]
    assert compose["services"]["gate"]["networks"] == ["front"]
    assert compose["networks"]["data"] == {"internal": True}


def test_labels_say_what_a_container_is(full: Rendering) -> None:
    labels = {name: service["labels"] for name, service in services(full).items()}
    assert labels["gate"] == {"upkeep.stack": "portal", "upkeep.role": "gate"}
    assert labels["app-2"] == {"upkeep.stack": "portal", "upkeep.role": "app", "upkeep.slot": "app-2"}
    assert labels["mongodb"] == {"upkeep.stack": "portal", "upkeep.role": "database"}


def test_images_come_from_the_agent_alone(full: Rendering) -> None:
    images = {name: service["image"] for name, service in services(full).items()}
    assert images == {
        "gate": "${UPKEEP_GATE_IMAGE:?}",
        "app-1": "${UPKEEP_APP_IMAGE:?}",
        "app-2": "${UPKEEP_APP_IMAGE:?}",
        "mongodb": "${UPKEEP_MONGODB_IMAGE:?}",
    }


def test_dollar_signs_of_the_inventory_reach_the_container(full: Rendering) -> None:
    app = services(full)["app-1"]
    assert app["environment"]["PREIS"] == 'fünf $$ "und" #mehr'
    assert app["environment"]["ANZAHL"] == "5"
    assert app["command"] == ["serve", "--price=$$5"]


def test_secrets_lie_in_their_own_files_and_nowhere_else(full: Rendering) -> None:
    plain, secret = full.value("__stack__plain_files"), full.value("__stack__files")
    assert PLANTED not in str(plain)
    found = {CONTENT.sub("", Path(file["path"]).name): file for file in secret if file.get("secret")}
    assert {
        name: (file["mode"], file.get("owner", "root"), file.get("group", "root")) for name, file in found.items()
    } == {
        "session-key": ("0440", "root", "7310"),
        "ticket-key": ("0440", "root", "7310"),
        "environment": ("0400", "root", "root"),
        "mongodb-keyfile": ("0400", "999", "999"),
        "mongodb-root": ("0400", "root", "root"),
        "mongodb-user-lager-app": ("0400", "root", "root"),
    }
    assert found["environment"]["content"] == f"TOKEN='{PLANTED}-token'\n"


def test_no_secret_is_placed_that_nobody_wants() -> None:
    assert [file["path"] for file in Rendering("stack", **MINIMAL).value("__stack__files") if file.get("secret")] == []


def test_a_secret_with_another_content_is_another_file_that_the_slots_are_started_with() -> None:
    roles = [Rendering("stack", **FULL | {"stack__ticket_key": key * 40}) for key in "ab"]
    before, after = ({file["path"] for file in role.value("__stack__files") if file.get("secret")} for role in roles)
    assert [CONTENT.sub("", Path(path).name) for path in before - after] == ["ticket-key"]
    for role, places in zip(roles, (before, after), strict=True):
        compose = role.yaml("compose.yml.j2")
        named = {name: f"/srv/upkeep/portal/{secret['file']}" for name, secret in compose["secrets"].items()}
        assert set(named) == {"session-key", "ticket-key", "mongodb-keyfile"}
        environment = f"/srv/upkeep/portal/{compose['services']['app-1']['env_file'][0]}"
        assert {str(Path(path)) for path in (*named.values(), environment)} <= places


def test_application_reads_what_the_agent_publishes_and_writes_nothing_there(role: Rendering) -> None:
    app = services(role)["app-1"]
    (mount,) = [mount for mount in app["volumes"] if mount["target"] == "/run/upkeep"]
    assert (mount["source"], mount["read_only"], mount["type"]) == ("/srv/upkeep/portal/public", True, "bind")
    assert {"path": "/srv/upkeep/portal/public", "mode": "0755"} in role.value("__stack__directories")


def test_door_starts_what_the_policy_names(full: Rendering) -> None:
    door = policies.parse(full.yaml("stack.yml.j2"), "portal").door
    assert door.origins == ("https://portal.example", "http://10.0.0.5:8080")
    assert door.open_for == ("start-update", "check-update", "start-backup")


def test_gate_and_door_know_the_same_paths_and_the_same_limit(full: Rendering) -> None:
    routes = Door("portal", PublicAgent()).routes()
    assert set(full.value("__stack__door_paths")) == set(routes)
    actions = {path for path, methods in routes.items() if "POST" in methods}
    assert set(full.value("__stack__door_actions")) == actions == {f"/api/system/{action}" for action in OPERATIONS}
    assert full.value("__stack__door_body") == BODY_LIMIT
    assert full.value("stack__door_actions") == list(Action)


def test_without_origins_nobody_starts_anything(role: Rendering) -> None:
    given = MINIMAL | {"stack__ticket_key": "k" * 40}
    policy = Rendering("stack", **given).yaml("stack.yml.j2")
    assert "door" not in policy
    assert policies.parse(policy, "portal").door.open_for == ()


def test_containers_get_only_their_own_secrets(full: Rendering) -> None:
    used = {name: service.get("secrets", []) for name, service in services(full).items()}
    assert used == {
        "gate": [],
        "app-1": ["session-key", "ticket-key"],
        "app-2": ["session-key", "ticket-key"],
        "mongodb": ["mongodb-keyfile"],
    }


def test_one_dictionary_wins_over_single_variables() -> None:
    role = Rendering("stack", **MINIMAL, stack__port=8000, stack__given={"port": "5000", "read_only": "no"})
    wanted = role.value("__stack__wanted")
    assert (wanted["port"], wanted["read_only"], wanted["name"]) == (5000, False, "portal")


def test_every_setting_of_the_specs_has_a_value(full: Rendering) -> None:
    specs = yaml.safe_load((full.path / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert {f"stack__{name}" for name in full.value("__stack__wanted")} == set(specs)


def test_check_is_planned_with_jitter_and_made_up_for() -> None:
    role = Rendering("stack", **MINIMAL, stack__check_at="Mon 05:00", stack__check_jitter=60)
    lines = role.template("check.timer.j2").splitlines()
    assert {"OnCalendar=Mon 05:00", "RandomizedDelaySec=60", "Persistent=true"} <= set(lines)
    paths = [file["path"] for file in role.value("__stack__plain_files")]
    assert "/etc/systemd/system/upkeep-check@portal.timer" in paths


def test_range_of_versions_reaches_the_policy() -> None:
    role = Rendering("stack", stack__name="portal", stack__image={"channel": "ghcr.io/a/b", "versions": ">=1.4 <2"})
    assert role.value("__stack__problems") == []
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal")
    assert str(policy.image) == "ghcr.io/a/b >=1.4 <2"


def test_volumes_that_were_there_before_keep_their_names() -> None:
    volumes = [{"name": "daten", "target": "/data", "external": "alt_daten"}, {"name": "neu", "target": "/neu"}]
    databases = {"mongodb": MONGODB | {"volume": "alt_mongo"}}
    role = Rendering("stack", **MINIMAL, stack__volumes=volumes, stack__databases=databases)
    assert role.value("__stack__problems") == []
    assert role.yaml("compose.yml.j2")["volumes"] == {
        "daten": {"external": True, "name": "alt_daten"},
        "mongodb": {"external": True, "name": "alt_mongo"},
        "neu": {},
    }


def test_impossible_volume_names_are_refused() -> None:
    volumes = [
        {"name": "daten", "target": "/data", "external": "../x"},
        {"source": "/a", "target": "/b", "external": "c"},
    ]
    problems = "\n".join(Rendering("stack", **MINIMAL, stack__volumes=volumes).value("__stack__problems"))
    assert "„../x“ ist kein Name eines Docker-Volumes" in problems
    assert "/b: external geht nur zusammen mit name" in problems
