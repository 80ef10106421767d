"""One host for an application of others, with the example inventory as it is: only what the testbed needs is added."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.paths import CHECKOUT
from tests.faults.managed import ManagedHost
from tests.faults.plays import ROOT, Played, Plays
from tests.faults.stage import HOST_SETTINGS
from tests.faults.versions import REGISTRY
from tests.integration.upkeep.images import testbed
from tests.rechnungsportal.build import build

KEPT = "UPKEEP_TEST_BED" in os.environ
NAME = os.environ.get("UPKEEP_TEST_BED", "foreign-test")
STACK = "rechnungen"
INVENTORY = ROOT / "inventories" / "rechnungsportal"
ADMIN_WORD = "wort-der-verwaltung"
REPOSITORY = f"rechnungsportal-{CHECKOUT}-{NAME}"


@dataclass(frozen=True)
class Portal:
    """The host, the plays, and the portal's versions in the registry."""

    host: ManagedHost
    plays: Plays
    testbed_settings: dict[str, Any]

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The inventory's `stacks` with other settings for the portal."""
        inventory = yaml.safe_load((INVENTORY / "group_vars" / "docker_hosts.yml").read_text(encoding="utf-8"))
        return {STACK: inventory["stacks"][STACK] | {"minimum_free_mb": 100} | changes}

    def play(self, playbook: str, *words: str, **given: Any) -> Played:
        return self.plays.run(playbook, *words, **(self.testbed_settings | given))

    def fine(self, playbook: str, *words: str, **given: Any) -> Played:
        return self.plays.fine(playbook, *words, **(self.testbed_settings | given))

    def publish(self, version: str, sources: str = "") -> None:
        """Build a version (from the sources of another) and let the channel offer it."""
        image = f"{REPOSITORY}:{version}"
        build(version, image, sources=sources or version)
        testbed("push", image, image, f"{REPOSITORY}:stable")

    @property
    def url(self) -> str:
        return f"http://{self.host.address()}"


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """site.yml ran, nothing is rolled out; the channel offers 1.0.0."""
    folder = ROOT / ".testbed" / NAME
    if not (KEPT and folder.exists()):
        testbed("images", "haproxy", "node")
        testbed("up", NAME, "--hosts", "web1=debian13-docker")
    made = Portal(ManagedHost(NAME, "web1", STACK), Plays(INVENTORY, ROOT / "test-results" / NAME), _settings(folder))
    made.publish("1.0.0")
    made.fine("site", stacks={})
    yield made
    if not KEPT:
        testbed("down", NAME)


def _settings(folder: Path) -> dict[str, Any]:
    bed = yaml.safe_load((folder / "inventory.yml").read_text(encoding="utf-8"))["all"]["children"]["testbed"]
    channel = {"portal_image": f"{REGISTRY}/{REPOSITORY}:stable"}
    # What `make secrets` would generate, and the address under which the tests call the portal.
    own = {"vault__portal_ticket_secret": "t" * 64, "vault__portal_verwaltung_password": ADMIN_WORD}
    own["portal_address"] = f"http://{bed['hosts']['web1']['ansible_host']}"
    reached = {"ansible_user": "root", "ansible_ssh_common_args": bed["vars"]["ansible_ssh_common_args"]}
    return HOST_SETTINGS | bed["hosts"]["web1"] | reached | channel | own


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    portal = getattr(item, "funcargs", {}).get("portal")
    if report.when == "call" and report.failed and isinstance(portal, Portal):
        report.sections.append(("upkeep-agent", portal.host.log()))
