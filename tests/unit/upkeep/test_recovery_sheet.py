"""The key as it is typed from paper, and the sheet it is printed on."""

from __future__ import annotations

import random
import re
import string

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.backup.recovery_key import ALPHABET, KeyMistyped, printed, typed
from upkeep.backup.sheet import sheet
from upkeep.errors import Refused

PASSWORD = "kX7!pä w-Zq" + string.ascii_letters


def on_paper(password: str) -> list[str]:
    rows, whole = printed(password)
    return [*(f"{' '.join(row.groups)} {row.check}" for row in rows), whole]


def test_what_is_printed_is_typed_back_however_it_is_written() -> None:
    draw = random.Random(7)
    for length in range(1, 90):
        password = "".join(draw.choice(string.printable[:95]) for _ in range(length)).strip() or "x"
        assert typed(" ".join(on_paper(password))) == password
    text = "\n".join(on_paper(PASSWORD))
    assert typed(text.lower().replace("0", "o").replace("1", "l")) == PASSWORD
    assert typed(text.replace(" ", "-").replace("\n", "")) == PASSWORD


def test_every_wrong_letter_is_found_in_its_row() -> None:
    lines = on_paper(PASSWORD)
    for number, line in enumerate(lines[:-1], 1):
        for place in (0, 6, len(line) - 1):
            other = ALPHABET[(ALPHABET.index(line[place]) + 1) % 32]
            wrong = [*lines[: number - 1], line[:place] + other + line[place + 1 :], *lines[number:]]
            with pytest.raises(KeyMistyped, match=f"Zeile {number} "):
                typed(" ".join(wrong))


def test_swapped_and_missing_rows_and_strangers_are_found() -> None:
    lines = on_paper(PASSWORD)
    for wrong in (
        [lines[1], lines[0], *lines[2:]],
        lines[1:],
        lines[:-2] + lines[-1:],
        lines[:-1],
        ["Gruß"],
        [""],
        ["A" * 5000],
    ):
        with pytest.raises(KeyMistyped):
            typed(" ".join(wrong))


def test_the_sheet_has_address_and_key_and_needs_nothing_from_elsewhere(driver: Driver) -> None:
    paths = driver.world.paths
    (paths.secrets / "backup-address").write_text("rest:https://web1:zu<gang@sicherung:8000/web1\n")
    (paths.secrets / "backup-password").write_text(f"{PASSWORD}\n")
    files = {
        "address_file": str(paths.secrets / "backup-address"),
        "password_file": str(paths.secrets / "backup-password"),
    }
    driver.world.place(backup={"target": files | {"host": "web1", "ca_file": str(paths.secrets / "ca")}})
    page = sheet(paths, driver.world.clock.now())["html"]
    assert "rest:https://web1:zu&lt;gang@sicherung:8000/web1" in page
    assert "Zertifikat der eigenen Stelle" in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    table = re.search(r"<table class=\"key\">(.*)</table>", page)
    assert table
    without_numbers = re.sub(r"<td class=n>\w+</td>", " ", table[1])
    assert typed(re.sub(r"<[^>]+>", " ", without_numbers)) == PASSWORD


def test_a_stack_without_backups_has_none(driver: Driver) -> None:
    with pytest.raises(Refused, match="kein Sicherungsziel"):
        sheet(driver.world.paths, driver.world.clock.now())
