from __future__ import annotations

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import REPOSITORY
from upkeep.errors import BadRequest, PolicyInvalid
from upkeep.policy import stack as policy
from upkeep.versions import ranges as versions

TAGS = (
    "stable",
    "latest",
    "1.3.9",
    "1.4",
    "1.4.0",
    "v1.5.0",
    "1.10.2",
    "1.11.0-rc.1",
    "2.0.0-rc.1",
    "2.0.0",
    "1.10.2-alpine",
)


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        (">=1.4 <2", "1.10.2"),
        (">=1.4, <1.6", "v1.5.0"),
        (">= 1.4 <= 1.4", "1.4.0"),
        ("<1.4", "1.3.9"),
        (">1.4 !=1.10.2 <2", "v1.5.0"),
        ("=2.0.0", "2.0.0"),
        (">=1", "2.0.0"),
        (">=1.11.0-rc.1 <2", "1.11.0-rc.1"),  # a pre-release only where it is named
        (">=2.0.0-rc.1 <2.0.0", "2.0.0-rc.1"),
        (">=3", None),
    ],
)
def test_highest_version_in_the_range(text: str, newest: str | None) -> None:
    assert versions.parse(text).newest(TAGS) == newest


@pytest.mark.parametrize("text", ["", "1.4", ">=", ">=neu", "~1.4", ">=1.4 stable", "=>1", ">=1 oder <2"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(BadRequest, match="ist kein Versionsbereich"):
        versions.parse(text)


@pytest.mark.parametrize(
    ("tag", "label", "lies"),
    [
        ("1.5.0", "1.4.0", True),
        ("1.5.0", "1.5.0", False),
        ("v1.5.0", "1.5.0", False),
        ("1.4", "1.4.7", False),
        ("1.4.0", "1.4", False),
        ("1.4", "1.5.0", True),
        ("1.4.7-alpine", "1.4.7", False),
        ("stable", "1.5.0", False),
        ("1.5.0", None, False),
        ("1.5.0", "nightly", False),
    ],
)
def test_label_that_belies_its_tag(tag: str, label: str | None, lies: bool) -> None:
    assert versions.contradicts(tag, label) is lies


def in_range(driver: Driver, text: str = ">=1 <2") -> None:
    driver.world.place(image={"channel": REPOSITORY, "versions": text})


def test_channel_with_a_range_takes_the_highest_version(driver: Driver) -> None:
    in_range(driver)
    for version in ("1.1.0", "1.2.0", "2.0.0", "1.3.0-rc.1"):
        driver.world.release(version)
    assert driver.must("deploy", "updated").after.version == "1.2.0"  # type: ignore[union-attr]
    driver.world.release("1.10.0")
    assert driver.must("check", "unchanged").message == "1.10.0 ist verfügbar (läuft: 1.2.0)."
    assert driver.must("deploy", "unchanged").message == "Alles ist, wie es sein soll (1.2.0)."
    assert driver.must("update", "updated").message.startswith("1.2.0 → 1.10.0")


def test_tag_is_the_version_of_an_image_without_label(driver: Driver) -> None:
    in_range(driver)
    driver.world.publish(f"{REPOSITORY}:1.4.0", None)
    driver.world.published[driver.world.tags[f"{REPOSITORY}:1.4.0"]].version = None
    driver.world.place(
        image={"channel": REPOSITORY, "versions": ">=1.4"},
        app={"port": 8000, "health_path": "/api/health", "version_path": None, "slots": 1},
    )
    assert driver.must("deploy", "updated").after.version == "1.4.0"  # type: ignore[union-attr]


def test_nothing_in_the_range_names_what_there_is(deployed: Driver) -> None:
    in_range(deployed, ">=7")
    message = deployed.must("update", "refused").message
    assert "gibt es keine Version im Bereich (gefunden: 1.0.0; erwartet: >=7)" in message


def test_narrower_range_is_no_way_back(driver: Driver) -> None:
    in_range(driver)
    driver.world.release("1.6.0")
    driver.must("deploy", "updated")
    in_range(driver, ">=1 <1.5")
    assert "Rückschritt auf eine ältere Version" in driver.must("update", "refused").message


def test_lying_label_is_refused_before_anything_is_touched(deployed: Driver) -> None:
    deployed.world.publish(f"{REPOSITORY}:1.5.0", "1.4.0")
    message = deployed.must("update", "refused", to="1.5.0").message
    assert (
        "ist falsch beschriftet (gefunden: Label org.opencontainers.image.version: 1.4.0; erwartet: 1.5.0)" in message
    )
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"channel": f"{REPOSITORY}:stable", "versions": ">=1"}, "Name ohne Tag, wenn versions angegeben ist"),
        ({"pin": f"{REPOSITORY}:1", "versions": ">=1"}, "nur mit channel"),
        ({"channel": REPOSITORY, "versions": "neuste"}, "zum Beispiel „>=1.4 <2“"),
    ],
)
def test_policy_with_an_impossible_range(driver: Driver, image: dict[str, str], said: str) -> None:
    driver.world.place(image=image)
    with pytest.raises(PolicyInvalid, match=said):
        policy.read(driver.world.paths.policy_file, "lager")
