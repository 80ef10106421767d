#!/usr/bin/python3
"""The official image's entrypoint contract: first root user on an empty /data/db, then mongod.

Understands MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD, each also as `_FILE`.
Passwords travel over the loopback connection only, never on an argv.
"""

import os
import subprocess
import sys
from pathlib import Path

UID = GID = 999
DATA = Path("/data/db")
INITDB = "MONGO_INITDB_"
ALREADY_USED = ("WiredTiger", "journal", "local.0", "storage.bson")


def main(arguments: list[str]) -> None:
    """Prepare the data directory where that is asked for, then become mongod."""
    if not arguments or arguments[0].startswith("-"):
        arguments = ["mongod", *arguments]
    if arguments[0] != "mongod":
        os.execvp(arguments[0], arguments)  # noqa: S606
    drop_root()
    user, password = setting("ROOT_USERNAME"), setting("ROOT_PASSWORD")
    if bool(user) != bool(password):
        sys.exit("error: MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD belong together")
    if user and not any((DATA / name).exists() for name in ALREADY_USED):
        create_root_user(user, password)
    for name in [name for name in os.environ if name.startswith(INITDB)]:
        del os.environ[name]
    os.execvp("mongod", mongod_command(arguments, with_auth=bool(user)))  # noqa: S606


def drop_root() -> None:
    """Hand the data directories to mongodb and become it, unless already somebody else."""
    if os.geteuid() != 0:
        return
    for top in (DATA, Path("/data/configdb")):
        for entry in (top, *top.rglob("*")):
            if entry.lstat().st_uid != UID:
                os.chown(entry, UID, GID, follow_symlinks=False)
    os.setgroups([])
    os.setgid(GID)
    os.setuid(UID)


def setting(name: str) -> str:
    """Return MONGO_INITDB_<name>, from the variable itself or from the file its `_FILE` twin names."""
    variable = INITDB + name
    value, file = os.environ.get(variable, ""), os.environ.get(variable + "_FILE", "")
    if value and file:
        sys.exit(f"error: both {variable} and {variable}_FILE are set (but are exclusive)")
    if not file:
        return value
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        sys.exit(f"error: {variable}_FILE cannot be read: {error}")


def create_root_user(user: str, password: str) -> None:
    """Run a mongod on loopback without authentication just long enough to create the user."""
    from pymongo import MongoClient

    command = ["mongod", "--dbpath", str(DATA), "--bind_ip", "127.0.0.1", "--port", "27017", "--nounixsocket"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        client: MongoClient[dict[str, object]] = MongoClient("127.0.0.1", 27017, directConnection=True)
        with client:
            roles = [{"role": "root", "db": "admin"}]
            client.admin.command("createUser", user, pwd=password, roles=roles)
    finally:
        server.terminate()
        code = server.wait(timeout=60)
    if code != 0:
        sys.exit(f"error: the temporary mongod ended with code {code}")


def mongod_command(arguments: list[str], *, with_auth: bool) -> list[str]:
    """Add what the official image adds: --auth with a root user, --bind_ip_all unless one is chosen."""
    command = list(arguments)
    if with_auth and "--auth" not in command:
        command.append("--auth")
    if not any(argument.split("=")[0] in ("--bind_ip", "--bind_ip_all") for argument in command):
        command.append("--bind_ip_all")
    return command


if __name__ == "__main__":
    main(sys.argv[1:])
