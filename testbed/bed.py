"""Bringing a named testbed up and down, and clearing what an earlier session left behind."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from testbed import freezer, inventory, network, registry, ssh, state
from testbed import host as hosts
from testbed.build import ensure_images
from testbed.command import attempt, run
from testbed.console import say
from testbed.engine import docker, ensure_engine
from testbed.packages import ensure_packages
from testbed.paths import CHECKOUT, machine_wide, state_folder
from testbed.recipe import recipe
from testbed.state import Bed, Host

_LABEL = registry.LABEL
_LABEL_STATE = f"{_LABEL}.state"


@dataclass(frozen=True)
class Wish:
    """One host to start. `published` lists Docker's `loopback-port:host-port`."""

    name: str
    flavour: str
    published: tuple[str, ...] = ()
    by_password: bool = False


def up(name: str, wishes: list[Wish]) -> Bed:
    """Start testbed `name` with the wanted hosts; replaces an earlier one of that name."""
    folder = state.folder(name)
    ensure_images(sorted({hosts.image(wish.flavour) for wish in wishes}))
    if any(wish.by_password for wish in wishes):
        ensure_packages(["sshpass"], why="die Anmeldung mit Passwort")
    clear_leftovers()
    _remove(name)
    registry.ensure_registry()
    state_folder()
    folder.mkdir(mode=0o700)
    bed, public_key = _plan(name, wishes)
    state.save(bed)
    registry.attach(bed.network)
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda host: _boot(bed, host, public_key), bed.hosts.values()))
    bed = replace(bed, hosts={host.name: host for host in started})
    _record(bed)
    return bed


def down(name: str) -> None:
    """Remove everything that belongs to testbed `name`."""
    ensure_engine()
    folder = state.folder(name)
    if not folder.exists() and not _containers(_mark(name)):
        say(f"Testbed {name}: gibt es nicht, nichts zu tun")
        return
    _remove(name)
    say(f"Testbed {name}: abgebaut")


def renew(name: str, host_name: str, flavour: str = "") -> Bed:
    """The same host of testbed `name` bare again, as after the loss of its disks: name and address stay. `flavour`: of
    another kind than before."""
    bed = state.load(name)
    host = bed.host(host_name)
    freezer.end("rm", "--force", "--volumes", containers=[host.container])
    _, public_key = ssh.create_key(state.folder(name))
    host = replace(host, flavour=flavour or host.flavour)
    bed = replace(bed, hosts={**bed.hosts, host_name: _boot(bed, host, public_key)})
    _record(bed)
    return bed


def clear_leftovers() -> None:
    """Remove our own containers whose state file is gone: nobody can reach them any more."""
    for mark, state_file in _labelled():
        if mark != registry.MARK and not Path(state_file).exists():
            say(f"Räume Reste des Testbeds {mark} auf")
            _remove_containers(mark)


def _plan(name: str, wishes: list[Wish]) -> tuple[Bed, str]:
    folder = state.folder(name)
    key, public_key = ssh.create_key(folder)
    network_name = machine_wide(name)
    subnet = network.create(network_name, f"{_LABEL}={_mark(name)}")
    planned = {
        wish.name: Host(
            name=wish.name,
            flavour=wish.flavour,
            address=network.address(subnet, index),
            container=f"{network_name}-{wish.name}",
            login="password" if wish.by_password else "key",
            password=hosts.new_password() if wish.by_password else "",
            published=wish.published,
        )
        for index, wish in enumerate(wishes)
    }
    address = f"{registry.ALIAS}:{registry.PORT}"
    return Bed(name, network_name, subnet, address, str(key), str(folder / "known_hosts"), planned), public_key


def _boot(bed: Bed, host: Host, public_key: str) -> Host:
    started = time.monotonic()
    labels = [f"{_LABEL}={_mark(bed.name)}", f"{_LABEL_STATE}={state.folder(bed.name) / 'state.json'}"]
    image_name = recipe(hosts.image(host.flavour)).image
    run(hosts.start_command(bed, host, image_name=image_name, public_key=public_key, labels=labels))
    if host.password:
        hosts.set_password(host)
    hosts.await_ready(host)
    say(f"Host {host.name} ({host.flavour}, {host.address}): bereit nach {time.monotonic() - started:.1f} s")
    return replace(host, container_id=hosts.container_id(host))


def _record(bed: Bed) -> None:
    lines = [ssh.host_key_line(host) for host in bed.hosts.values()]
    Path(bed.known_hosts).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (state.folder(bed.name) / "inventory.yml").write_text(inventory.as_yaml(bed), encoding="utf-8")
    state.save(bed)


def _remove(name: str) -> None:
    _remove_containers(_mark(name))
    state.forget(name)


def _remove_containers(mark: str) -> None:
    if containers := _containers(mark):
        freezer.end("rm", "--force", "--volumes", containers=containers)
    network_name = f"upkeep-{mark}"
    if attempt(docker("network", "inspect", network_name)).returncode == 0:
        registry.detach(network_name)
        run(docker("network", "rm", network_name))


def _mark(name: str) -> str:
    """What the label says: the testbed's name and whose it is."""
    return f"{CHECKOUT}-{name}"


def _containers(mark: str) -> list[str]:
    return run(docker("ps", "--all", "--quiet", "--filter", f"label={_LABEL}={mark}")).split()


def _labelled() -> list[tuple[str, str]]:
    columns = f'{{{{.Label "{_LABEL}"}}}}\t{{{{.Label "{_LABEL_STATE}"}}}}'
    listed = run(docker("ps", "--all", "--filter", f"label={_LABEL}", "--format", columns))
    pairs = (line.partition("\t") for line in listed.splitlines())
    return sorted({(name, state_file) for name, _, state_file in pairs})
