from __future__ import annotations

from pathlib import Path

import pytest

from upkeep import redaction


@pytest.fixture
def hidden(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "token").write_text("Apfel/Baum+7\n")
    (tmp_path / "environment").write_text("SMTP_PASSWORD='s3cret $x'\nDEBUG='1'\n")
    (tmp_path / "key.pem").write_text("-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG\n}\n-----END KEY-----\n")
    (tmp_path / "empty").write_text("")
    return redaction.secrets(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Token Apfel/Baum+7 falsch", "Token ••• falsch"),
        ("https://x/?t=Apfel%2FBaum%2B7&y=1", "https://x/?t=•••&y=1"),
        ("SMTP s3cret $x", "SMTP •••"),
        ("mail MIIBVgIBADANBgkqhkiG", "mail •••"),
        ("Exit-Code 1 }", "Exit-Code 1 }"),
    ],
)
def test_contents_of_secrets_are_masked_in_every_spelling(hidden: tuple[str, ...], text: str, shown: str) -> None:
    assert redaction.redacted(text, hidden) == shown


def test_only_the_last_lines_stay_and_none_is_endless(hidden: tuple[str, ...]) -> None:
    lines = redaction.last_lines("\n".join(["x" * 9000, "", *map(str, range(50))]), hidden)
    assert (len(lines), lines[-1]) == (redaction.LINES, "49")
    assert len(redaction.last_lines("y" * 9000, hidden)[0]) == redaction.WIDTH


def test_no_secrets_directory_is_fine(tmp_path: Path) -> None:
    assert redaction.secrets(tmp_path / "fehlt") == ()
