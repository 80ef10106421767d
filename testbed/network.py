"""One Docker network per testbed, with a subnet that nothing on this machine uses."""

import ipaddress
import json
from pathlib import Path

from testbed.command import attempt, run
from testbed.engine import docker
from testbed.failure import TestbedError

_POOL = ipaddress.IPv4Network("10.87.0.0/16")
_FIRST_HOST = 11


def create(name: str, label: str) -> str:
    """Create network `name` and return its IPv4 subnet, e.g. `10.87.3.0/24`."""
    taken = _taken()
    last = ""
    for subnet in _POOL.subnets(new_prefix=24):
        if any(subnet.overlaps(other) for other in taken):
            continue
        made = attempt(docker("network", "create", "--label", label, *_addressing(subnet), name))
        if made.returncode == 0:
            return str(subnet)
        last = made.stderr.strip()
        if "overlap" not in last.lower():  # another testbed may have taken this subnet meanwhile
            break
    raise TestbedError(
        f"Netz „{name}“ lässt sich nicht anlegen",
        observed=last or "kein Subnetz frei",
        limit=f"ein freies /24 in {_POOL}",
        next_step="nicht mehr gebrauchte Testbeds abbauen: `python3 -m testbed list`",
    )


def address(subnet: str, index: int) -> str:
    """Return the address of host number `index` (from 0) in `subnet`."""
    return str(ipaddress.IPv4Network(subnet)[_FIRST_HOST + index])


def address6(address4: str) -> str:
    """Return the IPv6 address of the host whose IPv4 address is `address4`."""
    subnet = ipaddress.IPv4Network(f"{address4}/24", strict=False)
    return str(_ipv6(subnet)[int(address4.rpartition(".")[2])])


def has_ipv6() -> bool:
    """Say whether this machine's kernel speaks IPv6."""
    return Path("/proc/net/if_inet6").exists()


def remove(name: str) -> None:
    """Remove network `name`, if it is there."""
    attempt(docker("network", "rm", name))


def _addressing(subnet: ipaddress.IPv4Network) -> list[str]:
    options = ["--subnet", str(subnet), "--gateway", str(subnet[1])]
    if has_ipv6():
        options += ["--ipv6", "--subnet", str(_ipv6(subnet))]
    return options


def _ipv6(subnet: ipaddress.IPv4Network) -> ipaddress.IPv6Network:
    return ipaddress.IPv6Network(f"fd87:7570:6b65:{subnet.network_address.packed[2]:x}::/64")


def _taken() -> list[ipaddress.IPv4Network]:
    """Return what Docker's networks and this machine's routes already use."""
    ids = run(docker("network", "ls", "--quiet")).split()
    listed = attempt(docker("network", "inspect", *ids)).stdout
    configs = [config for entry in json.loads(listed or "[]") for config in entry["IPAM"]["Config"] or []]
    texts = [config["Subnet"] for config in configs if ":" not in config.get("Subnet", ":")]
    return [ipaddress.IPv4Network(text) for text in texts] + _routes()


def _routes() -> list[ipaddress.IPv4Network]:
    found = []
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        fields = line.split()
        target, mask = (ipaddress.IPv4Address(bytes.fromhex(fields[i])[::-1]) for i in (1, 7))
        if int(mask):
            found.append(ipaddress.IPv4Network(f"{target}/{mask}"))
    return found
