"""Writes the variables table of each role's README from its argument specs; without --write it only checks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from workshop.progress import fail, say

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- Variablen: erzeugt mit `make docs` -->"
END = "<!-- Ende der Variablen -->"


def options_of(role: Path) -> dict[str, dict[str, Any]]:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())
    return specs["argument_specs"]["main"].get("options", {})


def cell(value: Any) -> str:
    text = " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def shown_default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "*(Pflicht)*"
    if "default" not in option:
        return "–"
    text = yaml.safe_dump(option["default"], default_flow_style=True, allow_unicode=True, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def table(role: Path) -> str:
    rows = ["| Variable | Typ | Vorgabe | Bedeutung |", "|---|---|---|---|"]
    for name, option in options_of(role).items():
        choices = f" ({', '.join(map(str, option['choices']))})" if "choices" in option else ""
        kind = cell(option.get("type", "str")) + cell(choices)
        rows.append(f"| `{name}` | {kind} | {cell(shown_default(option))} | {cell(option.get('description', ''))} |")
    return "\n".join([BEGIN, *rows, END])


def with_table(readme: str, generated: str) -> str:
    if BEGIN not in readme:
        return f"{readme.rstrip()}\n\n## Variablen\n\n{generated}\n"
    before, rest = readme.split(BEGIN, 1)
    return before + generated + rest.split(END, 1)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Variablentabellen der Rollen")
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = []
    for role in sorted(p.parent.parent for p in ROOT.glob("roles/*/meta/argument_specs.yml")):
        readme = role / "README.md"
        present = readme.read_text() if readme.exists() else f"# Rolle `{role.name}`\n"
        wanted = with_table(present, table(role))
        if wanted != present:
            stale.append(role.name)
            if write:
                readme.write_text(wanted)
    if stale and not write:
        fail(f"Variablentabelle veraltet: {', '.join(stale)}. Neu erzeugen: make docs")
    say(f"Variablentabellen: {', '.join(stale) + ' neu geschrieben' if stale else 'aktuell'}")


if __name__ == "__main__":
    main()
