"""Which slots the gate gives requests to. It also lies in a file of HAProxy's server-state format: a gate that is
restarted or reloaded keeps those out that are, and believes the others to be well. Without the file's word for it a
single check that came too early (after a boot the gate is there before its slots) or too late would put a slot down.

Source of the format: HAProxy's management guide, `show servers state`, version 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from upkeep.gate import maintenance
from upkeep.layout import StackPaths
from upkeep.ports import Ports
from upkeep.ports.gate import BACKEND

STATE_FILE = "servers.state"
VERSION = "1"
COLUMNS = (
    "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port"
)
RUNNING, FORCED_DRAIN, FREE = 2, 8, 0
CHECKED = "1 1 1 6 3 3 6 0 0 0"  # weights, age, and checks that passed: it takes `fall` failures to be down
NOWHERE = "127.0.0.1"  # the gate looks the slot's name up itself


@dataclass(frozen=True)
class Place:
    port: int
    drained: bool = False


def out(paths: StackPaths) -> dict[str, int]:
    """The slots that are out of rotation, with their ports."""
    return {slot: place.port for slot, place in _places(paths).items() if place.drained}


def _places(paths: StackPaths) -> dict[str, Place]:
    try:
        lines = (paths.maps / STATE_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    names = COLUMNS.split()
    whole = (fields for fields in map(str.split, lines) if len(fields) == len(names))
    rows = (dict(zip(names, fields, strict=True)) for fields in whole)
    return {row["srv_name"]: Place(int(row["srv_port"]), row["srv_admin_state"] != str(FREE)) for row in rows}


def releases(paths: StackPaths) -> set[str]:
    """What those who come now may be answered by, as X-Upkeep-Release names it."""
    away = out(paths)
    named = maintenance.read_map(paths, maintenance.RELEASE_MAP)
    return {release for slot, release in named.items() if slot not in away}


def take_out(paths: StackPaths, ports: Ports, slot: str, port: int) -> None:
    """First on disk, then at the gate: whenever it restarts, it does as it was last told. Raises GateFailed."""
    _write(paths, ports, _places(paths) | {slot: Place(port, drained=True)})
    ports.gate(paths).drain(slot)


def put_in(paths: StackPaths, ports: Ports, slot: str, address: str, port: int) -> None:
    """Raises GateFailed; on disk the slot is in rotation by then."""
    _write(paths, ports, _places(paths) | {slot: Place(port)})
    ports.gate(paths).admit(slot, address, port)


def forget(paths: StackPaths, ports: Ports, slot: str) -> None:
    """A slot that is no more, or that the gate does not know."""
    _write(paths, ports, {name: place for name, place in _places(paths).items() if name != slot})


def all_in(paths: StackPaths, ports: Ports, slots: Iterable[str], port: int) -> None:
    """After a run every slot belongs in rotation; the gate's own checks keep out what does not answer."""
    _write(paths, ports, dict.fromkeys(slots, Place(port)))


def _write(paths: StackPaths, ports: Ports, places: dict[str, Place]) -> None:
    if places != _places(paths):
        lines = [VERSION, f"# {COLUMNS}", *(_line(slot, place) for slot, place in sorted(places.items()))]
        ports.files.write(paths.maps / STATE_FILE, "\n".join(lines) + "\n", mode=0o644)


def _line(slot: str, place: Place) -> str:
    admin = FORCED_DRAIN if place.drained else FREE
    return f"1 {BACKEND} 1 {slot} {NOWHERE} {RUNNING} {admin} {CHECKED} {slot} {place.port} - 0 0 - - 0"
