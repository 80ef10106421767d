"""A disk and a share as the place for backups: the real agent behind the real unit's walls, real mounts.

The disk is an ext4 image that systemd mounts when somebody looks. The share is one whose server never answers: neither
NFS nor SMB can be had in a container.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.upkeep import stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.test_backup import BACKUP, PASSWORD
from tests.integration.upkeep.test_backup import restic as restic
from tests.unit.roles.rendering import Rendering
from upkeep.ports.mounts import PATIENCE

pytestmark = [pytest.mark.docker, pytest.mark.faults]

USB, NAS = "/mnt/usb", "/mnt/nas"
IMAGE, DRAWER = "/srv/usb.img", "/srv/schublade.img"
WALLS = "/etc/systemd/system/upkeep-agent.service.d/walls.conf"
FSTAB = f"""\
{IMAGE} {USB} ext4 loop,noauto,nofail,x-systemd.automount 0 0
nas.example:/sicherung {NAS} stumm noauto,nofail,x-systemd.automount,x-systemd.mount-timeout=600 0 0
"""
# What a real machine has and a container has not; systemd looks for automounters when it starts.
MACHINE = """
[ -e /dev/autofs ] || mknod /dev/autofs c 10 235
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for n in $(seq 0 15); do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
mount --make-rshared /
mkdir -p /mnt/usb /mnt/nas /var/lib/upkeep
printf '#!/bin/sh\\nexec sleep 600\\n' > /sbin/mount.stumm
chmod 755 /sbin/mount.stumm
systemctl daemon-reexec
systemctl start mnt-usb.automount mnt-nas.automount
"""
UNDONE = f"""
systemctl stop upkeep-agent mnt-usb.automount mnt-nas.automount mnt-usb.mount mnt-nas.mount || true
rm -f {IMAGE} {DRAWER} {WALLS} /etc/fstab /sbin/mount.stumm
systemctl daemon-reload
"""


def walls(*places: str) -> str:
    """Of the unit that role upkeep_agent brings."""
    unit = Rendering("upkeep_agent", upkeep_agent__writable=list(places)).template("upkeep-agent.service.j2")
    return "[Service]\n" + unit[unit.index("ProtectSystem=") : unit.index("[Install]")]


@pytest.fixture
def plugged(host: EngineHost, restic: None, tmp_path: Path) -> Iterator[EngineHost]:
    """A stack that backs up to the disk, which is there."""
    disk = tmp_path / "usb.img"
    with disk.open("wb") as file:
        file.truncate(200_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(disk)], check=True)
    subprocess.run(["docker", "cp", "-q", str(disk), f"{host.container}:{IMAGE}"], check=True, capture_output=True)
    host.put({"/etc/fstab": (FSTAB, 0o644, 0, 0), WALLS: (walls(f"{USB}/web1"), 0o644, 0, 0)})
    host.run("sh", "-ec", MACHINE)
    place(host, USB)
    host.start_agent()
    assert host.do("deploy")["result"] == "updated"
    yield host
    host.run("sh", "-c", UNDONE)


def place(host: EngineHost, mount: str) -> None:
    policy = {"target": BACKUP["target"] | {"mount": mount}}
    own = {"address": f"{mount}/web1", "password": PASSWORD}
    secrets = {f"secrets/backup-{name}": (f"{text}\n", 0o400, 0, 0) for name, text in own.items()}
    host.place_stack(stack.files(mongodb=True, backup=policy) | secrets)


def refusal(host: EngineHost) -> str:
    report = host.do("backup")
    assert (report["result"], report["code"]) == ("refused", "not_mounted"), report
    return str(report["message"])


def used(host: EngineHost) -> int:
    """Kilobytes of the host's own disk below /mnt."""
    return int(host.run("du", "-skx", "/mnt").split()[0])


def test_a_disk_that_is_pulled_out_is_let_go_of_and_the_hosts_own_is_not_filled(plugged: EngineHost) -> None:
    assert plugged.do("backup")["result"] == "updated"
    assert plugged.run("ls", f"{USB}/web1").split() == ["config", "data", "index", "keys", "locks", "snapshots"]
    plugged.run("umount", USB)
    assert IMAGE not in plugged.run("losetup", "--list", "--output", "BACK-FILE"), "der Agent hält die Platte fest"
    plugged.run("mv", IMAGE, DRAWER)
    assert "ist nichts eingehängt" in refusal(plugged)
    plugged.run("systemctl", "stop", "mnt-usb.automount")
    assert "die Platte des Servers selbst" in refusal(plugged)
    assert plugged.run("ls", "-A", USB) == ""
    assert used(plugged) < 100
    plugged.run("mv", DRAWER, IMAGE)
    plugged.run("systemctl", "start", "mnt-usb.automount")
    assert plugged.do("backup")["result"] == "updated"
    assert len(plugged.ask("GET", "/v1/stacks/lager/backups").body["backups"]) == 2


def test_a_disk_on_which_the_unit_names_a_folder_is_held_by_the_agent_and_it_says_so(plugged: EngineHost) -> None:
    """Whoever mounts elsewhere than below /mnt and /media, and does not name the folder above."""
    held = walls().replace("ReadWritePaths=/srv", f"ReadWritePaths=-{USB}/web1 /srv", 1)
    plugged.put({WALLS: (held, 0o644, 0, 0)})
    plugged.run("mkdir", f"{USB}/web1")
    plugged.run("sh", "-ec", "systemctl daemon-reload; systemctl restart upkeep-agent")
    assert plugged.do("backup")["result"] == "updated"
    plugged.run("umount", USB)
    plugged.run("systemctl", "stop", "mnt-usb.automount")
    assert "nur der Agent hält die Platte noch fest" in refusal(plugged)
    plugged.run("systemctl", "restart", "upkeep-agent")
    assert IMAGE not in plugged.run("losetup", "--list", "--output", "BACK-FILE")


def test_a_share_whose_server_does_not_answer_is_waited_for_half_a_minute(plugged: EngineHost) -> None:
    place(plugged, NAS)
    began = time.monotonic()
    assert "keine Antwort" in refusal(plugged)
    assert time.monotonic() - began < 2 * PATIENCE
