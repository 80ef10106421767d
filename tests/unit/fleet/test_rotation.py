"""Out of rotation and back in: whose word counts, what is refused, and that nothing stays drained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.upkeep_balancing.drains import Drains
from ansible.module_utils.upkeep_balancing.haproxy import BalancerError, Runtime
from ansible.module_utils.upkeep_balancing.rotation import Rotation, Wish

from tests.unit.fleet.conftest import FakeHaproxy, FakeServer

PLAY = "fleet:1"


class World:
    """A balancer with a clock of its own: sleeping moves it on."""

    def __init__(self, haproxy: FakeHaproxy, root: Path) -> None:
        self.haproxy, self.moment, self.commands = haproxy, 1000.0, []
        self.asleep: Callable[[], None] = lambda: None
        self.drains = Drains(Runtime(str(haproxy.path)), root, self._run, lambda: self.moment)
        self.rotation = Rotation(self.drains, lambda: self.moment, self._sleep)

    def _run(self, argv: list[str]) -> int:
        self.commands.append(" ".join(argv))
        return 0

    def _sleep(self, seconds: float) -> None:
        self.moment += seconds
        self.asleep()

    def do(self, state: str, server: str = "web2", owner: str = PLAY, **wish: float) -> str:
        wanted = Wish(server, owner, **wish)
        return str(self.rotation.act(wanted, state, self.rotation.plan(wanted, state))["message"])

    def drained(self) -> list[str]:
        return [server.name for server in self.drains.runtime.servers() if server.drained]


@pytest.fixture
def world(haproxy: FakeHaproxy, tmp_path: Path) -> World:
    return World(haproxy, tmp_path / "state")


def test_the_end_of_a_drain_is_sure_before_it_begins(world: World) -> None:
    armed_at_order: list[int] = []
    world.haproxy.on_order = lambda _: armed_at_order.append(sum("systemd-run" in c for c in world.commands))
    world.do("drained", lease=600)
    assert armed_at_order == [1]
    assert "--on-active=600.0s" in world.commands[-1]
    assert world.drained() == ["web2"]


def test_without_a_timer_nobody_is_drained(world: World) -> None:
    world.drains._run = lambda _: 1
    with pytest.raises(BalancerError, match="kein Zeitgeber"):
        world.do("drained")
    assert world.drained() == []
    assert world.drains.leases() == {}


def test_waits_for_the_end_of_requests_and_cuts_what_is_left(world: World) -> None:
    world.haproxy.servers["app/web2"].sessions = 3
    assert "3 Verbindungen endeten nicht in 5 s und wurden getrennt" in world.do("drained", timeout=5)
    assert world.haproxy.log[-1] == "shutdown sessions server app/web2"


def test_a_short_request_is_not_cut(world: World) -> None:
    world.haproxy.servers["app/web2"].sessions = 1
    world.asleep = lambda: setattr(world.haproxy.servers["app/web2"], "sessions", int(world.moment < 1002))
    assert "abgehängt nach 2." in world.do("drained")
    assert world.haproxy.log == ["set server app/web2 state drain"]


def test_the_last_one_serving_is_never_drained(world: World) -> None:
    world.haproxy.servers["app/web1"].status = "DOWN"
    with pytest.raises(BalancerError, match=r"kein anderer Server von „app“ bedient .web1: DOWN."):
        world.do("drained")
    assert world.drained() == []


def test_an_only_server_is_left_alone(world: World) -> None:
    del world.haproxy.servers["app/web1"]
    assert "ist der einzige Server von app und wird nicht abgehängt" in world.do("drained")
    assert world.haproxy.log == []


def test_one_that_serves_nobody_needs_no_drain(world: World) -> None:
    world.haproxy.servers["app/web2"].status = "DOWN"
    assert "web2 bedient ohnehin nicht (DOWN)" in world.do("drained")
    assert world.haproxy.log == []


def test_unknown_server_names_the_known_ones(world: World) -> None:
    with pytest.raises(BalancerError, match=r"„web9“ steht in keinem Backend .* Bekannt sind: web1, web2"):
        world.do("drained", "web9")


def test_saying_it_twice_changes_nothing(world: World) -> None:
    world.do("drained")
    assert not world.rotation.plan(Wish("web2", PLAY), "drained").act
    world.do("ready")
    assert not world.rotation.plan(Wish("web2", PLAY), "ready").act


def test_ready_waits_until_the_health_check_agrees(world: World) -> None:
    world.do("drained")
    world.haproxy.servers["app/web2"].status = "DOWN"
    with pytest.raises(BalancerError, match=r"app/web2 bedient nach 10 s nicht .zuletzt DOWN.*Er ist nicht abgehängt"):
        world.do("ready", timeout=10)
    assert world.drained() == []


def test_what_an_operator_drained_no_play_lets_in(world: World) -> None:
    world.do("drained", owner="operator")
    assert world.do("drained") == "web2 ist schon abgehängt, von Hand; das bleibt so."
    assert "web2 bleibt abgehängt: von Hand" in world.do("ready")
    assert world.do("healed") == ""
    assert world.drained() == ["web2"]
    world.do("ready", owner="operator")
    assert world.drained() == []


def test_a_play_does_not_end_the_drain_of_another(world: World) -> None:
    world.do("drained", owner="fleet:other")
    assert "web2 bleibt abgehängt: von fleet:other" in world.do("ready")
    assert world.drained() == ["web2"]


def test_the_next_play_heals_what_a_killed_one_left(world: World) -> None:
    world.do("drained", owner="fleet:killed")
    assert "Von einem abgebrochenen Lauf noch abgehängt, jetzt wieder dabei: web2" in world.do("healed")
    assert world.drained() == []
    assert world.drains.leases() == {}


def test_a_restarted_haproxy_keeps_drains_that_are_not_over(world: World) -> None:
    world.do("drained", lease=100)
    world.haproxy.servers["app/web2"] = FakeServer()
    world.moment += 40
    world.drains.settle()
    assert world.drained() == ["web2"]
    assert "--on-active=60.0s" in world.commands[-1]
    world.haproxy.servers["app/web2"] = FakeServer()
    world.moment += 61
    world.drains.settle()
    assert world.drained() == []
    assert world.drains.leases() == {}


def test_release_without_haproxy_forgets_the_drain(world: World) -> None:
    world.do("drained")
    world.haproxy.stop()
    world.drains.release(world.drains.leases()["web2"])
    assert world.drains.leases() == {}


def test_watching_counts_and_refuses_errors(world: World) -> None:
    web2 = world.haproxy.servers["app/web2"]

    def one_second(errors: int) -> None:
        web2.answers, web2.errors = web2.answers + 10, web2.errors + errors

    world.asleep = lambda: one_second(0)
    assert "beobachtet: " in world.do("watched", timeout=3)
    world.asleep = lambda: one_second(2)
    with pytest.raises(BalancerError, match=r"Erlaubt sind 5"):
        world.do("watched", timeout=3)
    world.asleep = lambda: setattr(web2, "status", "DOWN")
    with pytest.raises(BalancerError, match="bedient nach 0 s nicht"):
        world.do("watched", timeout=3)
