"""Which slots the gate gives requests to. The slots taken out also lie in a file of HAProxy's server-state format, so
that a gate that is restarted or reloaded keeps them out; every other slot starts in rotation.

Source of the format: HAProxy's management guide, `show servers state`, version 1.
"""

from __future__ import annotations

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
RUNNING, FORCED_DRAIN = 2, 8
CHECKED = "1 1 1 6 3 3 6 0 0 0"  # weights, age, and a check that passed
NOWHERE = "127.0.0.1"  # the gate looks the slot's name up itself


def out(paths: StackPaths) -> dict[str, int]:
    """The slots that are out of rotation, with their ports."""
    try:
        lines = (paths.maps / STATE_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    names = COLUMNS.split()
    rows = (dict(zip(names, line.split(), strict=False)) for line in lines if line.startswith("1 "))
    return {row["srv_name"]: int(row["srv_port"]) for row in rows}


def take_out(paths: StackPaths, ports: Ports, slot: str, port: int) -> None:
    """First on disk, then at the gate: whenever it restarts, it does as it was last told. Raises GateFailed."""
    _write(paths, ports, out(paths) | {slot: port})
    ports.gate(paths).drain(slot)


def put_in(paths: StackPaths, ports: Ports, slot: str, address: str, port: int) -> None:
    """Raises GateFailed; on disk the slot is in rotation by then."""
    forget(paths, ports, slot)
    ports.gate(paths).admit(slot, address, port)


def forget(paths: StackPaths, ports: Ports, slot: str) -> None:
    """A slot that is no more, or belongs in rotation when the gate starts."""
    _write(paths, ports, {name: port for name, port in out(paths).items() if name != slot})


def forget_all(paths: StackPaths, ports: Ports) -> None:
    """After a run every slot belongs in rotation; the gate's own checks keep out what does not answer."""
    _write(paths, ports, {})


def _write(paths: StackPaths, ports: Ports, slots: dict[str, int]) -> None:
    if slots != out(paths):
        lines = [VERSION, f"# {COLUMNS}", *(_line(slot, port) for slot, port in sorted(slots.items()))]
        ports.files.write(paths.maps / STATE_FILE, "\n".join(lines) + "\n", mode=0o644)


def _line(slot: str, port: int) -> str:
    return f"1 {BACKEND} 1 {slot} {NOWHERE} {RUNNING} {FORCED_DRAIN} {CHECKED} {slot} {port} - 0 0 - - 0"
