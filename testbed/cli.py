"""The command line: parse, call, turn a TestbedError into a message and exit code 1."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence

from testbed import bed, browser, build, engine, faults, inventory, registry, ssh, state
from testbed.console import say
from testbed.failure import TestbedError
from testbed.host import FLAVOURS
from testbed.recipe import USUAL
from testbed.state import Host

Arguments = argparse.Namespace
_HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
Command = Callable[[Arguments], None]
Add = Callable[..., argparse.ArgumentParser]


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the process's exit code."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except TestbedError as error:
        print(f"FEHLER: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Abgebrochen. Reste entfernt der nächste Aufruf von `up` oder `down`.", file=sys.stderr)
        return 130
    return 0


def _docker(_: Arguments) -> None:
    engine.ensure_engine()
    bed.clear_leftovers()
    say(f"Docker {engine.version()} antwortet")


def _images(arguments: Arguments) -> None:
    built = build.ensure_images(arguments.names, refresh=arguments.refresh)
    registry.publish(built)


def _up(arguments: Arguments) -> None:
    made = bed.up(arguments.name, wishes(arguments))
    say(f"Testbed {made.name}: bereit. Inventar: {state.folder(made.name) / 'inventory.yml'}")


def _down(arguments: Arguments) -> None:
    bed.down(arguments.name)


def _list(_: Arguments) -> None:
    for name in state.names():
        for host in state.load(name).hosts.values():
            print(f"{name}\t{host.name}\t{host.flavour}\t{host.address}\t{','.join(host.published) or '-'}")


def _ssh(arguments: Arguments) -> None:
    loaded = state.load(arguments.name)
    argv = ssh.command_line(loaded, loaded.host(arguments.host), arguments.remote)
    os.execvp(argv[0], argv)  # noqa: S606 (ssh takes over the terminal)


def _inventory(arguments: Arguments) -> None:
    print(inventory.as_yaml(state.load(arguments.name)), end="")


def _push(arguments: Arguments) -> None:
    names = arguments.names or [arguments.image]
    for name, digest in registry.push(arguments.image, names).items():
        print(f"{name}@{digest}")


def _digest(arguments: Arguments) -> None:
    print(registry.digest(arguments.name))


def _registry(_: Arguments) -> None:
    print(registry.ensure_registry())


def _browser(_: Arguments) -> None:
    browser.ensure_browser()


def _fault(action: Callable[[Host], object]) -> Command:
    def command(arguments: Arguments) -> None:
        action(state.load(arguments.name).host(arguments.host))

    return command


def _cut(arguments: Arguments) -> None:
    host = state.load(arguments.name).host(arguments.host)
    (faults.cut_ssh if arguments.ssh else faults.cut)(host)


def wishes(arguments: Arguments) -> list[bed.Wish]:
    """Turn the options of `up` into the hosts to start; raises TestbedError where they contradict."""
    flavours = _flavours(arguments)
    published = [_published(entry) for entry in arguments.publish]
    for option, names in (("--publish", [name for name, _ in published]), ("--password-login", arguments.passwords)):
        if unknown := sorted(set(names) - set(flavours)):
            raise _wrong_option(option, f"unbekannter Host {', '.join(unknown)}", f"Hosts: {', '.join(flavours)}")
    return [
        bed.Wish(name, flavour, tuple(ports for host, ports in published if host == name), name in arguments.passwords)
        for name, flavour in flavours.items()
    ]


def _flavours(arguments: Arguments) -> dict[str, str]:
    if not arguments.hosts:
        return {f"web{number}": FLAVOURS[0] for number in range(1, arguments.count + 1)}
    pairs = [part.partition("=") for part in arguments.hosts.split(",")]
    flavours = {name: flavour or FLAVOURS[0] for name, _, flavour in pairs}
    if len(flavours) != len(pairs) or not all(_HOST_NAME.fullmatch(name) for name in flavours):
        limit = "verschiedene Namen aus Kleinbuchstaben, Ziffern und Bindestrichen"
        raise _wrong_option("--hosts", arguments.hosts, limit)
    return flavours


def _published(entry: str) -> tuple[str, str]:
    """Turn `web1:80:8080` (host, its port, port on loopback) into the host and Docker's `8080:80`."""
    name, inner, outer = [*entry.split(":"), "", ""][:3]
    if not (inner.isdigit() and outer.isdigit()):
        raise _wrong_option("--publish", entry, "HOST:PORT-IM-HOST:PORT-AUF-LOOPBACK, zum Beispiel web1:80:8080")
    return name, f"{outer}:{inner}"


def _wrong_option(option: str, observed: str, limit: str) -> TestbedError:
    return TestbedError(
        f"{option} ist nicht verständlich", observed=observed, limit=limit, next_step="`python3 -m testbed up --help`"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Echte Hosts und Images für Demo und Tests")
    commands = parser.add_subparsers(required=True, metavar="BEFEHL")

    def add(name: str, command: Command, text: str, *positionals: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        for positional in positionals:
            added.add_argument(positional)
        return added

    add("docker", _docker, "Docker-Daemon sicherstellen")
    _add_images(add)
    _add_up(add)
    _add_hosts(add)
    add("browser", _browser, "Chromium und Schriften für Browser-Tests sicherstellen")
    return parser


def _add_images(add: Add) -> None:
    images = add("images", _images, "Images bauen (nur geänderte) und in die Registry legen")
    images.add_argument("names", nargs="*", metavar="NAME", help=f"Vorgabe: {', '.join(USUAL)}")
    images.add_argument("--refresh", action="store_true", help="auch unveränderte neu bauen")
    pushing = add("push", _push, "Lokales Image in die Registry legen, Digest ausgeben", "image")
    pushing.add_argument("names", nargs="*", metavar="REPO:TAG")
    add("digest", _digest, "Digest von REPO:TAG in der Registry", "name")
    add("registry", _registry, "Registry sicherstellen, Adresse auf Loopback ausgeben")


def _add_hosts(add: Add) -> None:
    add("down", _down, "Testbed abbauen", "name")
    add("list", _list, "Testbeds und Hosts zeigen")
    add("inventory", _inventory, "Ansible-Inventar ausgeben", "name")
    shell = add("ssh", _ssh, "Shell oder Befehl auf einem Host", "name", "host")
    shell.add_argument("remote", nargs=argparse.REMAINDER, metavar="BEFEHL")
    for name, action, text in (
        ("reboot", faults.reboot, "Host neu starten und warten"),
        ("kill", faults.kill, "Host hart ausschalten (Stromausfall)"),
        ("start", faults.start, "ausgeschalteten Host wieder einschalten"),
        ("mend", faults.mend, "Netztrennung aufheben"),
    ):
        add(name, _fault(action), text, "name", "host")
    cutting = add("cut", _cut, "Host vom Netz trennen", "name", "host")
    cutting.add_argument("--ssh", action="store_true", help="nur offene ssh-Sitzungen beenden")


def _add_up(add: Add) -> None:
    up = add("up", _up, "Testbed starten", "name")
    which = up.add_mutually_exclusive_group()
    which.add_argument("--hosts", default="", help=f"NAME=ART,… mit ART aus {', '.join(FLAVOURS)}")
    which.add_argument("--count", type=int, default=1, help="so viele debian13-docker: web1, web2, …")
    up.add_argument("--publish", action="append", default=[], metavar="HOST:PORT:LOOPBACK-PORT")
    instead = "statt des Schlüssels ein root-Passwort (steht in state.json und im Inventar)"
    up.add_argument("--password-login", action="append", default=[], metavar="HOST", dest="passwords", help=instead)
