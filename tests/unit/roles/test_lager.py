"""The preset for the Lager app, through role stack."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.roles.rendering import Rendering

GIVEN: dict[str, Any] = {
    "lager__image": {"channel": "ghcr.io/firma/lager:stable"},
    "lager__public_url": "https://lager.example",
    "lager__secret": "pl4nted-secret",
    "lager__ticket_key": "pl4nted-ticket-key-of-forty-characters-..",
    "lager__mongodb_root_password": "pl4nted-root",
    "lager__mongodb_app_password": "pl4nted/p@ss:word",
    "lager__mongodb_keyfile": "pl4nted-key",
}


@pytest.fixture(scope="module")
def stack() -> Rendering:
    lager = Rendering("lager", **GIVEN)
    preset = lager.value("__lager__preset | combine(lager__stack)")
    return Rendering("stack", stack__name="lager", stack__image=GIVEN["lager__image"], stack__given=preset)


def test_preset_is_a_good_stack(stack: Rendering) -> None:
    assert stack.value("__stack__problems") == []


def test_password_in_the_address_of_the_database_is_escaped(stack: Rendering) -> None:
    (file,) = [file for file in stack.value("__stack__files") if "/mongodb-uri." in file["path"]]
    user = user_of(stack)
    assert file["content"] == (
        f"mongodb://{user}:pl4nted%2Fp%40ss%3Aword@mongodb:27017/lager?replicaSet=rs0&authSource=lager"
    )
    assert (file["mode"], file["group"], file["secret"]) == ("0440", "7310", True)


def test_another_password_is_another_user_of_the_database(stack: Rendering) -> None:
    other = Rendering("lager", **GIVEN | {"lager__mongodb_app_password": "pl4nted-another"})
    assert other.value("__lager__user") != user_of(stack)
    assert re.fullmatch(r"lager-app\.[0-9a-f]{4}", user_of(stack))


def user_of(stack: Rendering) -> str:
    (user,) = stack.yaml("stack.yml.j2")["databases"]["mongodb"]["users"]
    assert user["password_file"].endswith(f"/mongodb-user-{user['name']}")
    return str(user["name"])


def test_app_reads_its_secrets_from_files(stack: Rendering) -> None:
    app = stack.yaml("compose.yml.j2")["services"]["app-1"]
    assert app["secrets"] == ["app-secret", "mongodb-uri", "ticket-key"]
    assert app["environment"]["LAGER_SECRET_FILE"] == "/run/secrets/app-secret"
    assert app["environment"]["LAGER_MONGODB_URI_FILE"] == "/run/secrets/mongodb-uri"
    assert app["environment"]["LAGER_PUBLIC_URL"] == "https://lager.example"
    assert "pl4nted" not in stack.template("compose.yml.j2") + stack.template("stack.yml.j2")


def test_data_lies_in_volumes(stack: Rendering) -> None:
    assert set(stack.yaml("compose.yml.j2")["volumes"]) == {"files", "mongodb"}


def test_settings_of_ones_own_come_on_top_of_the_roles() -> None:
    lager = Rendering("lager", **GIVEN, lager__environment={"LAGER_LOG_DIRECTORY": "/data/log"})
    environment = lager.value("__lager__preset.environment")
    assert environment["LAGER_LOG_DIRECTORY"] == "/data/log"
    assert environment["LAGER_PUBLIC_URL"] == "https://lager.example"
