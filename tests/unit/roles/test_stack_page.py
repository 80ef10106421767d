"""The gate's pages: small, self-contained, readable in any colour, safe for HAProxy's formats."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.roles.rendering import Rendering

IMAGE = {"channel": "ghcr.io/a/b:c"}
ACCENTS = ["#1f6f62", "#9a4a1c", "#ffe14d", "#0b0b0b", "#ffffff", "#2b5f9e", "#7f7f7f"]


def luminance(colour: str) -> float:
    if len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def stack(**given: object) -> Rendering:
    return Rendering("stack", stack__name="portal", stack__image=IMAGE, stack__given=given)


@pytest.mark.parametrize("accent", ACCENTS)
def test_any_accent_can_be_read_and_seen(accent: str) -> None:
    role = stack(maintenance_accent=accent)
    assert contrast(role.value("__stack__page_on_accent"), accent) >= 4.5
    assert contrast(role.value("__stack__page_on_paper"), "#ffffff") >= 4.5
    assert contrast(role.value("__stack__page_on_night"), "#181c20") >= 4.5


@pytest.mark.parametrize(("ink", "ground"), [("#565f69", "#f2f0ee"), ("#a9b1ba", "#0f1215"), ("#a9b1ba", "#22262b")])
def test_quiet_text_has_contrast(ink: str, ground: str) -> None:
    page = stack().template("maintenance.html.j2")
    assert ink in page
    assert contrast(ink, ground) >= 4.5


def test_page_with_the_largest_logo_stays_below_14_kilobytes(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(b"x" * 4096)
    page = stack(maintenance_logo=str(logo), title="T" * 40).template("maintenance.html.j2").replace("%%", "%")
    assert len(page.encode()) <= 14 * 1024


def test_every_percent_sign_is_doubled_or_a_value_of_haproxy() -> None:
    page = stack().template("maintenance.html.j2")
    rest = re.sub(r"%%|%\[var\(txn\.(title|text|until|end|closed_by)\)\]", "", page)
    assert "%" not in rest
    assert set(re.findall(r"%\[var\(txn\.(\w+)\)\]", page)) == {"title", "text", "until", "end", "closed_by"}


def test_title_of_the_stack_cannot_break_out() -> None:
    role = stack(title='</script><b>"A&B"')
    page = role.template("maintenance.html.j2")
    assert "<b>" not in page
    assert page.count("</script>") == 1


def test_each_answer_is_one_line_of_the_map() -> None:
    lines = stack(maintenance_text="Zeile 1\nZeile 2").template("answers.map.j2").splitlines()
    keys = [line.split(" ", 1)[0] for line in lines if not line.startswith("#")]
    statuses = ("413", "421", "502", "503", "504")
    assert keys == ["title", "text", *(f"{status}-{kind}" for status in statuses for kind in ("json", "html"))]
    assert "text Zeile 1 Zeile 2" in lines


def test_script_has_no_line_comments() -> None:
    """On one line of the map they would swallow the rest of it."""
    script = stack().template("maintenance.html.j2").split("<script>")[1].split("</script>")[0]
    assert "//" not in script


def test_refusals_do_not_poll() -> None:
    lines = dict(line.split(" ", 1) for line in stack().template("answers.map.j2").splitlines() if line[:3].isdigit())
    assert "<script>" not in lines["413-html"]
    assert "http-equiv" not in lines["421-html"]
    assert "<script>" in lines["503-html"]
