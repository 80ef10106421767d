"""The command line: parse, call, turn a TestbedError into a message and exit code 1."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from testbed import bed, browser, build, engine, faults, inventory, registry, ssh, state
from testbed.console import say
from testbed.failure import TestbedError
from testbed.host import FLAVOURS
from testbed.recipe import RECIPES_BY_NAME

Arguments = argparse.Namespace


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the process's exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments) or 0
    except TestbedError as error:
        print(f"FEHLER: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Abgebrochen. Reste entfernt der nächste Aufruf von `up` oder `down`.", file=sys.stderr)
        return 130


def _docker(_: Arguments) -> None:
    engine.ensure_engine()
    bed.clear_leftovers()
    say(f"Docker {engine.version()} antwortet")


def _images(arguments: Arguments) -> None:
    built = build.ensure_images(arguments.names, refresh=arguments.refresh)
    registry.publish(built)


def _up(arguments: Arguments) -> None:
    flavours = _flavours(arguments)
    published = _published(arguments.publish, flavours)
    unknown = [name for name in arguments.password_login if name not in flavours]
    if unknown:
        raise _wrong_option("--password-login", ", ".join(unknown), "nur Namen aus --hosts")
    made = bed.up(arguments.name, flavours, published=published, passwords=arguments.password_login)
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
    os.execvp(argv[0], argv)


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


def _fault(action: Callable) -> Callable[[Arguments], None]:
    def command(arguments: Arguments) -> None:
        action(state.load(arguments.name).host(arguments.host))

    return command


def _cut(arguments: Arguments) -> None:
    host = state.load(arguments.name).host(arguments.host)
    (faults.cut_ssh if arguments.ssh else faults.cut)(host)


def _flavours(arguments: Arguments) -> dict[str, str]:
    if not arguments.hosts:
        return {f"web{number}": "debian13-docker" for number in range(1, arguments.count + 1)}
    pairs = [part.partition("=") for part in arguments.hosts.split(",")]
    return {name: flavour or "debian13-docker" for name, _, flavour in pairs}


def _published(entries: list[str], flavours: dict[str, str]) -> dict[str, list[str]]:
    """Turn `web1:80:8080` (host, its port, port on loopback) into Docker's `8080:80`."""
    published: dict[str, list[str]] = {}
    for entry in entries:
        name, inner, outer = [*entry.split(":"), "", ""][:3]
        if name not in flavours or not (inner.isdigit() and outer.isdigit()):
            raise _wrong_option("--publish", entry, "HOST:PORT-IM-HOST:PORT-AUF-LOOPBACK, zum Beispiel web1:80:8080")
        published.setdefault(name, []).append(f"{outer}:{inner}")
    return published


def _wrong_option(option: str, observed: str, limit: str) -> TestbedError:
    return TestbedError(
        f"{option} ist nicht verständlich", observed=observed, limit=limit, next_step="`python3 -m testbed up --help`"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Echte Hosts und Images für Demo und Tests")
    commands = parser.add_subparsers(required=True, metavar="BEFEHL")

    def add(name: str, command: Callable, text: str, *positionals: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        for positional in positionals:
            added.add_argument(positional)
        return added

    add("docker", _docker, "Docker-Daemon sicherstellen")
    images = add("images", _images, "Images bauen (nur geänderte) und in die Registry legen")
    images.add_argument("names", nargs="*", metavar="NAME", help=f"Vorgabe: alle ({', '.join(RECIPES_BY_NAME)})")
    images.add_argument("--refresh", action="store_true", help="auch unveränderte neu bauen")
    _add_up(add)
    add("down", _down, "Testbed abbauen", "name")
    add("list", _list, "Testbeds und Hosts zeigen")
    shell = add("ssh", _ssh, "Shell oder Befehl auf einem Host", "name", "host")
    shell.add_argument("remote", nargs=argparse.REMAINDER, metavar="BEFEHL")
    add("inventory", _inventory, "Ansible-Inventar ausgeben", "name")
    pushing = add("push", _push, "Lokales Image in die Registry legen, Digest ausgeben", "image")
    pushing.add_argument("names", nargs="*", metavar="REPO:TAG")
    add("digest", _digest, "Digest von REPO:TAG in der Registry", "name")
    add("registry", _registry, "Registry sicherstellen, Adresse auf Loopback ausgeben")
    for name, action, text in (
        ("reboot", faults.reboot, "Host neu starten und warten"),
        ("kill", faults.kill, "Host hart ausschalten (Stromausfall)"),
        ("start", faults.start, "ausgeschalteten Host wieder einschalten"),
        ("mend", faults.mend, "Netztrennung aufheben"),
    ):
        add(name, _fault(action), text, "name", "host")
    cutting = add("cut", _cut, "Host vom Netz trennen", "name", "host")
    cutting.add_argument("--ssh", action="store_true", help="nur offene ssh-Sitzungen beenden")
    add("browser", _browser, "Chromium und Schriften für Browser-Tests sicherstellen")
    return parser


def _add_up(add: Callable) -> None:
    up = add("up", _up, "Testbed starten", "name")
    which = up.add_mutually_exclusive_group()
    which.add_argument("--hosts", default="", help=f"NAME=ART,… mit ART aus {', '.join(FLAVOURS)}")
    which.add_argument("--count", type=int, default=1, help="so viele debian13-docker: web1, web2, …")
    up.add_argument("--publish", action="append", default=[], metavar="HOST:PORT:LOOPBACK-PORT")
    up.add_argument("--password-login", action="append", default=[], metavar="HOST", help="root-Passwort statt Schlüssel")
