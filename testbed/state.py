"""What a testbed consists of, as recorded in `.testbed/NAME/state.json`."""

import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from testbed.failure import TestbedError
from testbed.paths import STATE, state_folder

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Host:
    """One machine. `login` is `key` or `password`; `published` lists `loopback-port:host-port`."""

    name: str
    flavour: str
    address: str
    container: str
    container_id: str = ""
    login: str = "key"
    password: str = ""
    published: tuple[str, ...] = ()
    ssh_port: int = 22


@dataclass(frozen=True)
class Bed:
    """A named set of hosts in one network of their own."""

    name: str
    network: str
    subnet: str
    registry: str
    key: str
    known_hosts: str
    hosts: dict[str, Host] = field(default_factory=dict)

    def host(self, name: str) -> Host:
        """Return the host called `name`; raises TestbedError naming the ones there are."""
        if name not in self.hosts:
            raise TestbedError(
                f"Host „{name}“ gibt es in „{self.name}“ nicht",
                limit=f"vorhanden: {', '.join(self.hosts)}",
                next_step="Namen prüfen: `python3 -m testbed list`",
            )
        return self.hosts[name]


def folder(name: str) -> Path:
    """Return the folder of testbed `name`, checked for a valid name but not created."""
    if not _NAME.fullmatch(name):
        raise TestbedError(
            f"„{name}“ ist kein gültiger Name",
            limit="Kleinbuchstaben, Ziffern und Bindestriche, höchstens 31 Zeichen, vorn ein Buchstabe",
            next_step="anderen Namen wählen",
        )
    return STATE / name


def save(bed: Bed) -> None:
    """Write the state atomically, readable by its owner only."""
    state_folder()
    target = folder(bed.name) / "state.json"
    target.parent.mkdir(exist_ok=True)
    draft = target.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(bed), indent=2) + "\n", encoding="utf-8")
    draft.replace(target)


def load(name: str) -> Bed:
    """Read testbed `name`; raises TestbedError if it is not up."""
    try:
        data = json.loads((folder(name) / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TestbedError(
            f"Testbed „{name}“ läuft nicht",
            observed=f"vorhanden: {', '.join(names()) or 'keines'}",
            next_step=f"starten: `python3 -m testbed up {name} --count 1`",
        ) from None
    hosts = {key: Host(**{**value, "published": tuple(value["published"])}) for key, value in data["hosts"].items()}
    return Bed(**{**data, "hosts": hosts})


def names() -> list[str]:
    """Return the names of all recorded testbeds."""
    return sorted(entry.parent.name for entry in STATE.glob("*/state.json"))


def forget(name: str) -> None:
    """Remove everything recorded for testbed `name`."""
    shutil.rmtree(folder(name), ignore_errors=True)
