"""Three servers behind a real HAProxy under load: no update is noticed; whatever breaks, nobody stays drained."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from testbed.windows.faults import Fault
from tests.integration.upkeep.load import Load
from tests.integration.windows.behind_balancer import HEALTH, NAMES, Fleet, raised

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]
CLOSED = {"ansible_host": "127.0.0.1", "ansible_port": 1}
FLAG = {"win_node_app__healthflag": True, "win_node_app__settle": 5}
PAGE = "/etiketten"
SLOW = "/drucken"  # an answer that takes 400 ms: is it cut when its server is drained?


@pytest.fixture(scope="module")
def raised_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with raised(tmp_path_factory.mktemp("windows"), os.environ.get("UPKEEP_TEST_BED", "windows")) as fleet:
        yield fleet


@pytest.fixture
def fleet(raised_fleet: Fleet) -> Fleet:
    """Everybody serves, nobody is drained, no fault is planted."""
    for name in NAMES:
        raised_fleet.bed.host(name).plant()
    for name in raised_fleet.drained():
        raised_fleet.balancer.run("upkeep-balancer", "ready", name)
    raised_fleet.all_serve()
    return raised_fleet


def kinds(*loads: Load) -> set[str]:
    return {kind for load in loads for kind in load.kinds()}


def test_a_rolling_update_loses_no_request_and_a_sick_second_server_stops_the_next(fleet: Fleet) -> None:
    before, newer, sick = fleet.running()[0], fleet.version(), fleet.version()
    with Load(fleet.balancer, HEALTH) as quick, Load(fleet.balancer, SLOW) as slow:
        updated = fleet.deploy(newer)
    assert updated.code == 0, updated.told
    assert kinds(quick, slow) == {f"200 {before}", f"200 {newer}"}
    assert (fleet.running(), fleet.drained()) == ([newer] * 3, [])

    with Load(fleet.balancer, HEALTH) as quick, Load(fleet.balancer, SLOW) as slow:
        stopped = fleet.deploy(sick, sick_on="app2")
    assert stopped.code == 2, stopped.told
    assert "app2: http://127.0.0.1:8099/api/health antwortete" in " ".join(stopped.told.split())
    assert (fleet.running(), fleet.drained()) == ([sick, newer, newer], [])
    assert kinds(quick, slow) == {f"200 {newer}", f"200 {sick}"}
    fleet.all_serve()


@pytest.mark.faults
def test_a_server_lost_in_the_middle_is_healed_by_the_next_play(fleet: Fleet) -> None:
    newer = fleet.version()
    fleet.bed.host("app2").plant(Fault("unreachable", "win_uri"))
    with Load(fleet.balancer, HEALTH) as load:
        broken = fleet.deploy(newer)
    assert broken.code != 0, broken.told
    assert "UNREACHABLE" in broken.told
    assert (fleet.running()[0], fleet.running()[1]) == (newer, "maintenance")
    assert fleet.serving() == ["app1", "app3"]
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}
    with Load(fleet.balancer, HEALTH) as load:
        healed = fleet.deploy(newer, take_over=True)
    assert healed.code == 0, healed.told
    assert (fleet.running(), fleet.drained()) == ([newer] * 3, [])
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}


@pytest.mark.faults
def test_a_connection_lost_before_the_commit_leaves_nobody_drained(fleet: Fleet) -> None:
    newer = fleet.version()
    fleet.bed.host("app1").plant(
        Fault("unreachable", "website", {"name": "etikettendruck", "physical_path": newer}, skip=1)
    )
    fleet.deploy(newer)
    assert fleet.drained() == ["app1"]
    healed = fleet.deploy(newer, take_over=True)
    assert healed.code == 0, healed.told
    assert (fleet.running(), fleet.drained()) == ([newer] * 3, [])


@pytest.mark.faults
def test_without_the_balancer_nothing_is_begun(fleet: Fleet) -> None:
    before, groups = fleet.running(), fleet.bed.groups
    fleet.bed.groups = {"load_balancers": {"hosts": {"lb1": groups["load_balancers"]["hosts"]["lb1"] | CLOSED}}}
    try:
        refused = fleet.deploy(fleet.version())
    finally:
        fleet.bed.groups = groups
    assert refused.code == 2, refused.told
    told = " ".join(refused.told.split())
    assert "Der Lastverteiler lb1 ist nicht erreichbar; ohne ihn wird kein Server abgehängt. Geändert wurde" in told
    assert (fleet.running(), fleet.drained()) == (before, [])


@pytest.mark.faults
def test_a_balancer_of_others_is_told_by_the_health_path(fleet: Fleet) -> None:
    """HAProxy plays it: nobody orders it about, it only asks. The rule comes with the first release that has it."""
    first, second, groups = fleet.version(), fleet.version(), fleet.bed.groups
    fleet.bed.groups = {}
    try:
        with_rule = fleet.deploy(first, extra=FLAG)
        assert with_rule.code == 0, with_rule.told
        with Load(fleet.balancer, PAGE) as quick, Load(fleet.balancer, SLOW) as slow:
            updated = fleet.deploy(second, extra=FLAG)
    finally:
        fleet.bed.groups = groups
    assert updated.code == 0, updated.told
    assert fleet.running() == [second] * 3
    assert {kind.partition(" ")[0] for kind in kinds(quick, slow)} == {"200"}
