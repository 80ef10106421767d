"""Other credentials for registries are tried with what the host's stacks come from, before anything uses them."""

from __future__ import annotations

import json

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.fake_engine import FakeRegistry
from tests.unit.upkeep.placed import REGISTRY, REPOSITORY
from upkeep import registry_trial
from upkeep.errors import Refused, RegistryFailed
from upkeep.ports.registry_session import HUB_CREDENTIALS


def placed(driver: Driver, *registries: str) -> dict[str, list[str]]:
    file = driver.world.layout.registry_login
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"auths": {name: {"auth": "Z2VoZWlt"} for name in registries}}))
    return registry_trial.trial(driver.world.layout, driver.world.ports())


def test_what_the_stacks_come_from_is_looked_up_with_the_new_ones(deployed: Driver) -> None:
    assert placed(deployed, REGISTRY) == {"tried": [f"{REPOSITORY}:stable"], "untried": []}
    assert deployed.world.logins == [deployed.world.layout.registry_login]


def test_a_registry_nobody_loads_from_cannot_be_tried(deployed: Driver) -> None:
    found = placed(deployed, REGISTRY, "ghcr.io", HUB_CREDENTIALS)
    assert found["untried"] == ["ghcr.io"]
    assert found["tried"] == ["haproxy:3.0", f"{REPOSITORY}:stable"]


def test_whoever_is_refused_hears_that_the_old_ones_stay(deployed: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RegistryFailed("Die Registry gibt das nicht her", observed="HTTP 401", next_step="Erneuern.")

    monkeypatch.setattr(FakeRegistry, "resolve", refuse)
    with pytest.raises(RegistryFailed, match=r"HTTP 401.*Die bisherige Anmeldung bleibt in Gebrauch") as caught:
        placed(deployed, REGISTRY)
    assert "Z2VoZWlt" not in str(caught.value)


def test_nothing_placed_and_nonsense_placed(deployed: Driver) -> None:
    with pytest.raises(Refused, match=r"rotate-secrets\.yml"):
        registry_trial.trial(deployed.world.layout, deployed.world.ports())
    placed(deployed)
    deployed.world.layout.registry_login.write_text("{")
    with pytest.raises(Refused):
        registry_trial.trial(deployed.world.layout, deployed.world.ports())
