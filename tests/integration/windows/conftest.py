"""One simulated Windows server of the label printing application, and the project's own playbooks against it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.windows.bed import Outcome, WindowsBed
from tests.unit.windows.packages import make_package

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = ROOT / "playbooks" / "windows"
APPLICATION = (Path(__file__).parent / "label_app.js").read_text()
LIBRARY = Path(__file__).resolve().parent / "library"  # the database of the simulated server is simulated, too
INSTALLERS = {
    "rewrite.msi": r"C:\Windows\System32\inetsrv\rewrite.dll",
    "node.msi": r"C:\Program Files\nodejs\node.exe",
}
# What each mode needs besides (`win_node_app__mode`).
HANDLERS = {
    "platform": {"platform.msi": r"C:\Windows\System32\inetsrv\httpPlatformHandler.dll"},
    "arr": {"arr.msi": r"C:\Windows\System32\inetsrv\config\schema\arr_schema.xml"},
    "iisnode": {"iisnode.msi": r"C:\Program Files\iisnode\iisnode.dll"},
}
SECRETS = {
    "DATABASE_URL": "postgresql://etikettendruck:geheim@db1/etikettendruck?connection_limit=20",
    "SESSION_SECRET": "s" * 64,
    "ENCRYPTION_KEY": "e" * 64,
}

FIRST_USER = {"ADMIN_NAME": "admin", "ADMIN_PASSWORD": "erstes-kennwort"}


def delivered(folder: Path, file: str) -> dict[str, str]:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"installer {file}")
    return {"file": file, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def installer(folder: Path, file: str, creates: str) -> dict[str, str]:
    return {"name": file.removesuffix(".msi"), "creates_path": creates} | delivered(folder, file)


def variables(folder: Path, first: str, mode: str = "platform") -> dict[str, Any]:
    rewrite, node, handler = (
        installer(folder / "installer", file, creates) for file, creates in (INSTALLERS | HANDLERS[mode]).items()
    )
    service = {"win_node_app__wrapper": delivered(folder / "installer", "WinSW.exe")} if mode == "arr" else {}
    return service | {
        "win_base__installer_folder": str(folder / "installer"),
        "win_base__printer_networks": ["10.20.0.0/24"],
        "win_iis__extensions": [rewrite, handler],
        "win_node_app__mode": mode,
        "win_node_app__name": "etikettendruck",
        "win_maintenance__app": "etikettendruck",
        "win_node_app__title": "Etikettendruck",
        "win_node_app__host_name": "etiketten.example.de",
        "win_node_app__node": node,
        "win_node_app__secrets": SECRETS,
        "win_node_app__first_user": FIRST_USER,
        "win_node_app__health_delay": 0,
        "win_node_app__backup_folder": str(folder / "backup"),
        "win_node_app__key_folder": str(folder / "key"),
        "win_node_app__migration_timeout": 20,
        "win_node_app__database": {
            "host": "db1",
            "user": "backup",
            "password": "geheim",
            "database": "etikettendruck",
            "folder": str(folder / "bed" / first),
        },
    }


class Server:
    """The server (or several, `names`), and what was delivered to the controller."""

    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...] = ("win1",),
        database: dict[str, str] | None = None,
        mode: str = "platform",
    ):
        """With a `database`, that of role win_node_app, a real PostgreSQL is saved and restored."""
        self.folder = folder
        given = variables(folder, names[0], mode) | ({"win_node_app__database": database} if database else {})
        library = () if database else (LIBRARY,)
        self.bed = WindowsBed(folder / "bed", names=names, variables=given, library=library)

    def play(self, name: str, *words: str, **extra: Any) -> Outcome:
        return self.bed.play(PLAYBOOKS / f"{name}.yml", *words, **extra)

    def deploy(
        self,
        version: str,
        *,
        playbook: str = "deploy",
        take_over: bool = False,
        extra: dict[str, Any] | None = None,
        **package: Any,
    ) -> Outcome:
        path = make_package(self.folder / "packages", version, **package)
        return self.play(playbook, package=os.path.relpath(path, ROOT), take_over=take_over, **(extra or {}))

    def operate(self, operation: str, version: str = "1.1.0", **given: Any) -> Outcome:
        """deploy, update or rollback; `given` as for `deploy`."""
        if operation != "rollback":
            return self.deploy(version, playbook=operation, **given)
        return self.play("rollback", take_over=given.get("take_over", False), **(given.get("extra") or {}))

    @property
    def state(self) -> dict[str, Any]:
        return self.bed.host().state

    @property
    def journal(self) -> dict[str, Any]:
        return json.loads(self.bed.host().disk.read(r"C:\inetpub\etikettendruck\journal.json"))

    def site(self, name: str = "etikettendruck", on: str = "win1") -> str:
        """What it shows: the version, or `maintenance`."""
        return str(self.bed.host(on).state["sites"][name]["physical_path"].rpartition("\\")[2])

    def releases(self) -> list[str]:
        folder = self.bed.host().disk.place(r"C:\inetpub\etikettendruck\releases")
        return sorted(entry.name for entry in folder.iterdir())

    def modules_called(self) -> list[str]:
        return [call["module"].rpartition(".")[2] for call in self.bed.host().calls()]


NewServer = Callable[[], Server]


@pytest.fixture
def new_server(tmp_path: Path) -> NewServer:
    return lambda: Server(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return first_release_on(tmp_path_factory.mktemp("windows"), "platform")


@pytest.fixture(scope="session")
def service_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node as a Windows service."""
    return first_release_on(tmp_path_factory.mktemp("service"), "arr")


def first_release_on(folder: Path, mode: str) -> Path:
    server = Server(folder, mode=mode)
    for outcome in (server.play("site"), server.deploy("1.0.0", files={"build/index.js": APPLICATION})):
        assert outcome.code == 0, outcome.told
    return folder


@pytest.fixture(scope="session")
def updated_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("updated")
    shutil.copytree(template, folder, dirs_exist_ok=True)
    outcome = Server(folder).deploy("1.1.0")
    assert outcome.code == 0, outcome.told
    return folder


@pytest.fixture
def running(template: Path, tmp_path: Path) -> Server:
    """A server on which 1.0.0 runs, of its own."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Server(tmp_path)
