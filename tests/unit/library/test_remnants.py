"""What a removed stack leaves on its host: nothing, and its neighbours keep theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from module_utils.upkeep_remnants import Remnants

UNITS = Path("etc/systemd/system")


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Two stacks, one of them with a name that begins like the other's."""
    for stack in ("shop", "shop-2"):
        timer = UNITS / f"upkeep-check@{stack}.timer"
        for file in (
            timer,
            UNITS / f"timers.target.wants/{timer.name}",
            UNITS / f"{timer.name}.d/soon.conf",
            Path(f"var/lib/systemd/timers/stamp-{timer.name}"),
            Path(f"etc/tmpfiles.d/upkeep-{stack}.conf"),
            Path(f"srv/upkeep/{stack}/stack.yml"),
            Path(f"var/lib/upkeep/{stack}/state.json"),
        ):
            place = tmp_path / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("")
    (tmp_path / UNITS / "upkeep-check@.service").write_text("")
    return tmp_path


class Systemctl:
    """Knows no loaded units; `disable` takes the link away, as the real one does."""

    def __init__(self, root: Path) -> None:
        self.calls: list[list[str]] = []
        self._root = root

    def __call__(self, argv: list[str]) -> tuple[int, str, str]:
        self.calls.append(argv)
        if argv[1] == "disable":
            (self._root / UNITS / "timers.target.wants" / argv[-1]).unlink()
        return 0, "", ""


def left(host: Path) -> set[str]:
    return {str(path.relative_to(host)) for path in host.rglob("*") if "shop" in path.name}


def test_everything_of_this_stack_goes_and_nothing_of_its_neighbour(host: Path) -> None:
    before, systemctl = left(host), Systemctl(host)
    said = Remnants("shop", delete_data=True, root=host).remove(systemctl, really=True)
    assert left(host) == {path for path in before if "shop-2" in path}
    assert (host / UNITS / "upkeep-check@.service").exists()
    assert "Dienst abschalten: upkeep-check@shop.timer" in said
    assert f"löschen: {host / UNITS}/upkeep-check@shop.timer" in said
    assert systemctl.calls[-1] == ["systemctl", "daemon-reload"]
    assert Remnants("shop", delete_data=True, root=host).remove(systemctl, really=True) == []


def test_check_mode_says_the_same_and_touches_nothing(host: Path) -> None:
    before, systemctl = left(host), Systemctl(host)
    told = Remnants("shop", delete_data=True, root=host).remove(systemctl, really=False)
    assert left(host) == before
    assert [argv[1] for argv in systemctl.calls] == ["list-units"]
    assert told == Remnants("shop", delete_data=True, root=host).remove(systemctl, really=True)
