"""Keys, known hosts and ssh command lines; nothing in the operator's own ~/.ssh is touched."""

from pathlib import Path

from testbed.command import run
from testbed.engine import docker
from testbed.packages import ensure_packages
from testbed.state import Bed, Host


def create_key(folder: Path) -> tuple[Path, str]:
    """Make a new ed25519 key pair in `folder`; return its path and the public half."""
    ensure_packages(["openssh-client"], why="ssh")
    key = folder / "id_ed25519"
    if not key.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "upkeep-testbed", "-f", str(key)])
    return key, key.with_suffix(".pub").read_text(encoding="utf-8").strip()


def host_key_line(host: Host) -> str:
    """Return the known_hosts line of `host`, read from inside it, so that nothing has to be trusted."""
    public = run(docker("exec", host.container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")).split()
    return f"{host.name},{host.address} {public[0]} {public[1]}"


def options(bed: Bed) -> list[str]:
    """Return the ssh options that make a connection use only the testbed's own files."""
    pairs = {
        "UserKnownHostsFile": bed.known_hosts,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
    }
    return [part for name, value in pairs.items() for part in ("-o", f"{name}={value}")]


def command_line(bed: Bed, host: Host, command: list[str]) -> list[str]:
    """Return the argv that opens a shell on `host` or runs `command` there."""
    login = ["-F", "none", "-i", bed.key, "-p", str(host.ssh_port), f"root@{host.address}"]
    return ["ssh", *options(bed), *login, *(["--", *command] if command else [])]
