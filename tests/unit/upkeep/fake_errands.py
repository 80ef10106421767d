"""What the programs do that the agent sends into containers of their own, in a test's world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upkeep.ports.errand import Errand, Mount

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World


def run_errand(world: World, errand: Errand) -> tuple[int, str]:
    mounts = {mount.target: mount for mount in errand.mounts}
    program = errand.argv[0]
    if program == "haproxy":
        return world.gate_check
    if program == "mongod":
        behaviour = world.published[errand.image.partition("@")[2]]
        return (132, "Illegal instruction") if behaviour.kind == "crash" else (0, f"db version v{behaviour.version}\n")
    if program == "cp":
        write(world, mounts["/to"], read(world, mounts["/from"]))
    if program == "find":
        write(world, mounts["/to"], "")
    return 0, f"{world.data_mb * 1024}\t/from\n" if program == "du" else ""


def read(world: World, mount: Mount) -> str:
    if isinstance(mount.source, str):
        return world.volumes[mount.source]
    return (mount.source / "content").read_text(encoding="utf-8")


def write(world: World, mount: Mount, content: str) -> None:
    assert not mount.read_only
    if isinstance(mount.source, str):
        at_work = [box for box in world.boxes.values() if box.role == "database" and box.state == "running"]
        assert not at_work, "nobody writes below a running mongod"
        world.volumes[mount.source] = content
        return
    mount.source.mkdir(parents=True, exist_ok=True)
    (mount.source / "content").write_text(content, encoding="utf-8")
