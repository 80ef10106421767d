"""What the release package holds, used for real on Linux: nothing in it is bound to a system."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import socket
import subprocess
import threading
import zipfile
from pathlib import Path

import requests

from testbed.windows.web_config import Request, Site
from tests.integration.etikettendruck.application import NODE, PRISMA, Release, Visitor, served, until
from tests.integration.postgres.server import Server
from tests.unit.windows.rendered import rendered
from upkeep.windows_package import read_package

UNZIP = (
    "for (const file of process.argv.slice(1)) process.stdout.write(zlib.brotliDecompressSync(fs.readFileSync(file)))"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
BOUND_TO_A_SYSTEM = (".node", ".exe", ".dll", ".so", ".dylib")


def test_the_package_is_whole_small_and_bound_to_no_system(package: Path) -> None:
    found = read_package(package, "etikettendruck")
    assert (found.version, found.migrations, found.backward_compatible) == ("1.0.0", True, True)
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        server = [archive.read(name).decode() for name in names if re.match(r"build/server/.*\.js$", name)]
    assert not [name for name in names if name.endswith(BOUND_TO_A_SYSTEM)]
    assert not [name for name in names if re.match(r"node_modules/(vite|svelte|typescript|rollup)/", name)]
    assert "build/client/favicon.svg.br" in names
    assert not [text for text in server if "console.log(" in text]
    assert package.stat().st_size < 40_000_000


def test_every_immutable_file_of_the_browser_lies_there_compressed_and_iis_finds_it(unpacked: Path) -> None:
    client = unpacked / "build" / "client"
    files = [path for path in (client / "_app" / "immutable").rglob("*") if path.suffix in {".js", ".css"}]
    site = Site(rendered("web.config.j2"), lambda name: (unpacked / name).is_file())

    def found(coding: str) -> list[str]:
        addresses = [f"https://x/{path.relative_to(client).as_posix()}" for path in files]
        return [site.answer(Request(address, accepts=coding)).target for address in addresses]

    for path, name in zip(files, found("gzip"), strict=True):
        assert gzip.decompress((unpacked / name).read_bytes()) == path.read_bytes()
    words = [NODE, "-e", UNZIP, *found("br")]
    unzipped = subprocess.run(words, cwd=unpacked, check=True, capture_output=True, timeout=60).stdout
    assert unzipped == b"".join(path.read_bytes() for path in files) != b""


def test_migrated_twice_and_seeded_once(installed: Release) -> None:
    assert "No pending migrations" in installed.migrate()
    assert "nichts angelegt" in installed.run("prisma/seed.mjs", ADMIN_PASSWORD="zwei").stdout


def test_a_failed_migration_leaves_nothing_behind(installed: Release, tmp_path: Path, database_server: Server) -> None:
    broken = tmp_path / "kaputt"
    shutil.copytree(installed.folder, broken, symlinks=True)
    added = broken / "prisma" / "migrations" / "20990101000000_kaputt"
    added.mkdir()
    (added / "migration.sql").write_text("CREATE TABLE halb (id int);\nALTER TABLE gibt_es_nicht ADD x int;\n")
    ended = Release(broken, installed.shared, installed.database).run(PRISMA, "migrate", "deploy")
    assert ended.returncode != 0
    assert "gibt_es_nicht" in ended.stdout + ended.stderr
    name = installed.database.rsplit("/", 1)[1]
    assert database_server.sql("SELECT to_regclass('halb') IS NULL", name) == "t"


def test_health_tells_what_the_contract_says(address: str, installed: Release) -> None:
    told = requests.get(f"{address}/api/health", timeout=10)
    assert told.status_code == 200, told.text
    health = told.json()
    assert (health["status"], health["version"]) == ("healthy", "1.0.0")
    assert health["checks"]["database"]["latency"] < 5000
    free = shutil.disk_usage(installed.shared).free // 1024**2
    assert abs(health["checks"]["filesystem"]["freeSpace"] - free) < 2048
    assert 0 < health["checks"]["memory"]["usage"] < 500


def test_without_its_database_it_is_unhealthy_and_comes_back(
    address: str, database_server: Server, database: str
) -> None:
    name = database.rsplit("/", 1)[1]
    database_server.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    database_server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    told = requests.get(f"{address}/api/health", timeout=20)
    assert (told.status_code, told.json()["checks"]["database"]["status"]) == (503, "error")
    database_server.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    until(lambda: requests.get(f"{address}/api/health", timeout=20).status_code == 200)


def test_log_in_and_upload_outlive_a_change_of_server(address: str, installed: Release) -> None:
    visitor = Visitor(address)
    assert visitor.get("/").headers["location"] == "/anmelden"
    assert visitor.log_in("falsch").status_code == 400
    assert "Warteschlange" in visitor.log_in().text
    made = visitor.post(
        "/etiketten?/anlegen", {"datei": ("bild.png", PNG, "image/png")}, titel="Schrauben M8", text="80"
    )
    assert "Schrauben M8" in made.text
    assert [path.read_bytes() for path in (installed.shared / "uploads").iterdir()] == [PNG]
    with served(installed) as other:
        second = Visitor(other)
        second.http.cookies.update(visitor.http.cookies)
        assert "Schrauben M8" in second.get("/etiketten").text
    audited = [json.loads(line) for line in (installed.shared / "logs" / "audit.log").read_text().splitlines()]
    assert {"Anmeldung abgelehnt"} <= {entry.get("event") for entry in audited}
    assert {"angemeldet", "angelegt"} <= {entry.get("action") for entry in audited}


def test_a_label_reaches_the_printer_and_a_dead_printer_is_reported(address: str) -> None:
    visitor = Visitor(address)
    visitor.log_in()
    with Printer() as printer:
        visitor.post("/drucker", name="Halle", adresse="127.0.0.1", port=str(printer.port))
        visitor.post("/etiketten?/anlegen", titel="Muttern", text="Größe 8")
        visitor.post("/etiketten?/drucken", etikett="1", drucker="1")
        until(lambda: "gedruckt" in visitor.get("/").text)
    assert "^FDGröße 8^FS" in printer.received.decode()
    visitor.post("/etiketten?/drucken", etikett="1", drucker="1")
    until(lambda: "gescheitert" in visitor.get("/").text)
    assert "ECONNREFUSED" in visitor.get("/").text


def test_slow_requests_are_warned_about_and_times_are_told(installed: Release) -> None:
    impatient = Release(installed.folder, installed.shared, installed.database, {"SLOW_REQUEST_MS": "0"})
    with served(impatient) as address:
        visitor = Visitor(address)
        visitor.log_in()
        assert visitor.get("/api/metrics").json()["POST /anmelden"]["requests"] == 1
    lines = (installed.shared / "logs" / "combined.log").read_text().splitlines()
    slow = [entry for entry in map(json.loads, lines) if entry["message"] == "Langsame Anfrage"]
    assert {"level": "warn", "version": "1.0.0"}.items() <= slow[0].items()


def test_a_warning_of_memory_stays_200_and_logs_are_rotated(installed: Release) -> None:
    logs = installed.shared / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    full = {"combined": 10 * 1024**2 + 1, "error": 5 * 1024**2 + 1}
    for name, size in full.items():
        (logs / f"{name}.log").write_bytes(b" " * size)
    with served(Release(installed.folder, installed.shared, installed.database, {"HEAP_WARNING_MB": "1"})) as address:
        told = requests.get(f"{address}/api/health", timeout=10)
        assert (told.status_code, told.json()["checks"]["memory"]["status"]) == (200, "warning")
        until(lambda: all((logs / f"{name}1.log").exists() for name in full))
    assert {name: (logs / f"{name}1.log").stat().st_size for name in full} == full
    assert "gestartet" in (logs / "combined.log").read_text()


class Printer:
    """A label printer: takes one job on a TCP port."""

    def __enter__(self) -> Printer:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.received = self._socket.getsockname()[1], b""
        self._thread = threading.Thread(target=self._take)
        self._thread.start()
        return self

    def _take(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            while chunk := connection.recv(4096):
                self.received += chunk

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)
        self._socket.close()
