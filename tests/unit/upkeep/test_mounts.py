"""When a disk or a share counts as there. The tables: what a service with ProtectSystem=strict sees of its mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from upkeep.ports.mounts import NotMounted, held, refuse_unmounted

ROOT = "2051 1 254:0 / / rw,relatime shared:311 master:1 - ext4 /dev/vda rw"
DISK = "2090 2051 7:0 / /mnt/usb rw,relatime shared:350 master:88 - ext4 /dev/loop0 rw"
ITSELF = "2095 2090 7:0 / /mnt/usb rw,relatime shared:351 master:88 - ext4 /dev/loop0 rw"
LEFT_BEHIND = "2095 2051 7:0 / /mnt/usb rw,relatime shared:351 - ext4 /dev/loop0 rw"
AUTOMOUNTER = "2080 2051 0:71 / /mnt/usb rw,relatime shared:340 master:70 - autofs systemd-1 rw,direct"


@pytest.mark.parametrize(
    ("table", "is_held"),
    [
        ((ROOT,), False),
        ((ROOT, DISK), False),
        ((ROOT, DISK, ITSELF), False),
        ((ROOT, LEFT_BEHIND), True),
        ((ROOT, AUTOMOUNTER, LEFT_BEHIND), True),
        ((ROOT, LEFT_BEHIND, DISK), False),  # mounted again
        ((ROOT.replace(" master:1", ""), LEFT_BEHIND), False),  # no view of its own
    ],
)
def test_what_only_the_service_still_has_is_told_from_what_the_host_has(table: tuple[str, ...], is_held: bool) -> None:
    assert held(Path("/mnt/usb"), table) is is_held


def test_a_mount_of_this_machine_is_there() -> None:
    refuse_unmounted(None)
    refuse_unmounted(Path("/proc"))


def test_a_folder_of_the_hosts_own_disk_is_none_and_neither_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotMounted, match="die Platte des Servers selbst"):
        refuse_unmounted(tmp_path)
    with pytest.raises(NotMounted, match="No such file or directory"):
        refuse_unmounted(tmp_path / "fehlt")


def test_a_share_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "stat").chmod(0o755)
    monkeypatch.setattr("upkeep.ports.mounts.PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotMounted, match="keine Antwort"):
        refuse_unmounted(Path("/mnt"), patience=0.2)


def test_what_was_left_behind_is_refused_with_who_holds_it(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"{ROOT}\n{LEFT_BEHIND.replace('/mnt/usb', '/proc')}\n")
    with pytest.raises(NotMounted, match="systemctl restart upkeep-agent"):
        refuse_unmounted(Path("/proc"), table=table)
