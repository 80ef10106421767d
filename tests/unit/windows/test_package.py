"""Which release packages may go on a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.windows.packages import ENGINE, make_package, seal
from upkeep.windows_package import PackageRefused, read_package


def test_a_good_package_is_described(tmp_path: Path) -> None:
    package = read_package(make_package(tmp_path, "1.4.0", backward_compatible=False), "etikettendruck")
    assert (package.version, package.migrations, package.backward_compatible) == ("1.4.0", True, False)
    assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"app": "rechnungen"}, "anderen Anwendung (gefunden: rechnungen; erwartet: etikettendruck)"),
        ({"manifest": {"version": "neu"}}, "version 'neu'"),
        ({"manifest": {"files": "keine"}}, "files ist keine Liste"),
        ({"manifest": {"migrations": "ja"}}, "migrations ist nicht true oder false"),
        ({"manifest": {"files": []}}, "nicht dieselben Dateien"),
        ({"files": {"../../windows/evil.dll": "x"}}, "den es nicht geben darf (gefunden: ../../windows/evil.dll)"),
        ({"files": {"/etc/passwd": "x"}}, "den es nicht geben darf"),
        ({"files": {"C:/x.txt": "x"}}, "den es nicht geben darf"),
        ({"files": {"build/con.js": "x", "nul": "x"}}, "den es nicht geben darf"),
        ({"files": {"build/INDEX.js": "x"}}, "für Windows derselbe"),
        ({"files": {"build/" + "x" * 200: "x"}}, "zu lang für Windows"),
        ({"without": ("build/index.js",)}, "fehlt etwas (gefunden: build/index.js)"),
        ({"without": (ENGINE,)}, "schema-engine-windows.exe"),
    ],
)
def test_a_bad_package_is_refused_and_says_why(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    app = wrong.pop("app", "etikettendruck")
    with pytest.raises(PackageRefused, match=re.escape(said)):
        read_package(make_package(tmp_path, "1.4.0", app=app, **wrong), "etikettendruck")


def test_the_engine_may_be_webassembly(tmp_path: Path) -> None:
    portable = {"node_modules/prisma/build/schema_engine_bg.wasm": "", "prisma.config.mjs": ""}
    assert read_package(make_package(tmp_path, "1.4.0", files=portable, without=(ENGINE,)), "etikettendruck").migrations


def test_without_migrations_no_engine_is_needed(tmp_path: Path) -> None:
    path = make_package(tmp_path, "1.4.0", without=(ENGINE,), migrations=False)
    assert not read_package(path, "etikettendruck").migrations


def test_a_missing_file_and_a_missing_hash_are_named(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match="Paket nicht gefunden"):
        read_package(tmp_path / "nichts.zip", "etikettendruck")
    path = make_package(tmp_path, "1.4.0")
    path.with_name(path.name + ".sha256").unlink()
    with pytest.raises(PackageRefused, match=r"fehlt etikettendruck-1\.4\.0\.zip\.sha256"):
        read_package(path, "etikettendruck")


def test_a_flipped_byte_a_cut_and_no_zip_are_refused(tmp_path: Path) -> None:
    path = make_package(tmp_path, "1.4.0")
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(PackageRefused, match="nicht das, was gebaut wurde"):
        read_package(path, "etikettendruck")
    seal(path)
    with pytest.raises(PackageRefused, match="kein heiles Zip-Archiv"):
        read_package(path, "etikettendruck")
    path.write_bytes(whole.replace(b"// the application", b"// an application!"))
    seal(path)
    with pytest.raises(PackageRefused, match=r"kein heiles Zip-Archiv|verändert"):
        read_package(path, "etikettendruck")
