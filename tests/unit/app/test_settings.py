"""What the process says when its environment is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from lager.settings import BadSettings, read_settings

SECRET = "s" * 40
GOOD = {"LAGER_MONGODB_URI": "mongodb://db", "LAGER_SECRET": SECRET, "LAGER_PUBLIC_URL": "https://Lager.example/"}


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(BadSettings) as refused:
        read_settings(environ)
    return str(refused.value)


def test_good_environment_is_read_with_defaults() -> None:
    settings = read_settings(GOOD)
    assert (settings.port, settings.database, settings.version) == (8000, "lager", "0.0.0-dev")
    assert settings.public_origin == "https://lager.example"
    assert settings.is_https


def test_all_missing_settings_are_named_at_once() -> None:
    said = problems({})
    assert [line.split()[1] for line in said.splitlines()] == ["LAGER_MONGODB_URI", "LAGER_SECRET", "LAGER_PUBLIC_URL"]
    assert "LAGER_SECRET_FILE" in said


def test_secrets_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    environ = {**GOOD, "LAGER_SECRET_FILE": str(file)}
    del environ["LAGER_SECRET"]
    assert str(read_settings(environ).secret) == SECRET


@pytest.mark.parametrize(
    ("content", "said"), [(None, "die Datei fehlt"), ("", "die Datei ist leer"), ("\udcff", "kein UTF-8-Text")]
)
def test_unreadable_secret_file_is_explained(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "uri"
    if content is not None:
        file.write_bytes(content.encode(errors="surrogateescape"))
    message = problems({**GOOD, "LAGER_MONGODB_URI_FILE": str(file)})
    assert said in message
    assert str(file) in message


def test_secrets_hide_in_repr() -> None:
    settings = read_settings(GOOD)
    assert SECRET not in repr(settings)
    assert "mongodb://db" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "0", "1 bis 65535"),
        ("PORT", "acht", "1 bis 65535"),
        ("LAGER_SECRET", "kurz", "hat 4 Zeichen; mindestens 32"),
        ("LAGER_PUBLIC_URL", "lager.example", "http(s)://name[:port]"),
        ("LAGER_PUBLIC_URL", "https://lager.example/app", "ohne Pfad"),
        ("LAGER_MONGODB_URI", "postgres://db", "mongodb://"),
        ("LAGER_DATABASE", "a.b", "LAGER_DATABASE"),
        ("LAGER_LOG_LEVEL", "laut", "DEBUG, INFO"),
        ("LAGER_DRAIN_SECONDS", "-1", "0 bis 60"),
        ("LAGER_STOP_SECONDS", "nan", "1 bis 120"),
        ("LAGER_METRICS_PORT", "70000", "0 bis 65535"),
        ("LAGER_LOG_DIRECTORY", "/proc/nichts", "nicht beschreibbar"),
    ],
)
def test_bad_value_is_named_with_what_is_allowed(name: str, value: str, said: str) -> None:
    message = problems({**GOOD, name: value})
    assert name in message
    assert said in message
    assert len(message.splitlines()) == 1


def test_no_message_shows_a_secret() -> None:
    assert "geheim" not in problems({**GOOD, "LAGER_SECRET": "geheim", "LAGER_MONGODB_URI": "geheim"})


def test_log_files_are_off_unless_a_directory_is_named(tmp_path: Path) -> None:
    assert read_settings(GOOD).log_files is None
    files = read_settings({**GOOD, "LAGER_LOG_DIRECTORY": str(tmp_path), "UPKEEP_SLOT": "app-2"}).log_files
    assert files is not None
    assert files.directory == tmp_path / "app-2"
    assert (files.error_mb, files.error_files, files.combined_mb, files.combined_files) == (5, 5, 10, 10)
