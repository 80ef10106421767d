"""What tests do to a host: reboot it, pull its plug, cut its network or its ssh sessions."""

import time

from testbed import freezer
from testbed import host as hosts
from testbed.command import attempt, run
from testbed.console import say
from testbed.engine import docker
from testbed.failure import TestbedError
from testbed.state import Host

_REBOOT_LIMIT_S = 90
_TABLE = "testbed_cut"
# Like a pulled cable: nothing enters or leaves by eth0, open connections hang until it is mended.
_CUT_RULES = f"""
table inet {_TABLE} {{
  chain arriving {{ type filter hook prerouting priority -500; policy accept; iifname "eth0" drop; }}
  chain leaving {{ type filter hook output priority -500; policy accept; oifname "eth0" drop; }}
  chain passing {{ type filter hook postrouting priority 500; policy accept; oifname "eth0" drop; }}
}}
"""


def reboot(host: Host) -> None:
    """Reboot through systemd, like an operator would, and wait until the host is ready again."""
    before = hosts.boot_id(host)
    attempt(docker("exec", host.container, "systemctl", "reboot"))
    _await_new_boot(host, before)
    hosts.await_ready(host)
    say(f"Host {host.name}: neu gestartet")


def kill(host: Host) -> None:
    """Switch the host off hard, as in a power cut; it stays off until `start`."""
    freezer.end("kill", "--signal", "KILL", containers=[host.container])
    say(f"Host {host.name}: ausgeschaltet")


def start(host: Host) -> None:
    """Switch a killed host on again and wait until it is ready."""
    run(docker("start", host.container))
    hosts.await_ready(host)
    say(f"Host {host.name}: läuft wieder")


def cut(host: Host) -> None:
    """Cut the host off its network; open connections hang."""
    if not _is_cut(host):
        run(docker("exec", "-i", host.container, "nft", "-f", "-"), stdin=_CUT_RULES)
    say(f"Host {host.name}: vom Netz getrennt")


def mend(host: Host) -> None:
    """Undo `cut`."""
    if _is_cut(host):
        run(docker("exec", host.container, "nft", "delete", "table", "inet", _TABLE))
    say(f"Host {host.name}: wieder am Netz")


def cut_ssh(host: Host) -> int:
    """End every open ssh session on the host; new ones are possible. Returns how many processes ended."""
    sessions = r"^sshd(-session)?: .*(@|\[priv\]|\[accepted\])"
    found = attempt(docker("exec", host.container, "pgrep", "-f", sessions)).stdout.split()
    if found:
        attempt(docker("exec", host.container, "kill", "-9", *found))
    say(f"Host {host.name}: {len(found)} ssh-Prozesse beendet")
    return len(found)


def _is_cut(host: Host) -> bool:
    return attempt(docker("exec", host.container, "nft", "list", "table", "inet", _TABLE)).returncode == 0


def _await_new_boot(host: Host, before: str) -> None:
    deadline = time.monotonic() + _REBOOT_LIMIT_S
    while time.monotonic() < deadline:
        if hosts.boot_id(host) not in ("", before):
            return
        time.sleep(0.2)
    raise TestbedError(
        f"Host „{host.name}“ startet nicht neu",
        observed="die Boot-Zeit ist noch die alte",
        limit=f"{_REBOOT_LIMIT_S} s",
        next_step=f"nachsehen: `docker exec {host.container} systemctl list-jobs`",
    )
