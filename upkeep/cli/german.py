"""What argparse itself says, in German. Texts that a later Python words differently simply stay English."""

from __future__ import annotations

import argparse

_TEXTS = {
    "usage: ": "Aufruf: ",
    "positional arguments": "Angaben",
    "options": "Optionen",
    "show this help message and exit": "zeigt diese Hilfe",
    "%(prog)s: error: %(message)s\n": "%(prog)s: %(message)s\n",
    "the following arguments are required: %s": "es fehlt: %s",
    "unrecognized arguments: %s": "unbekannt: %s",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r gibt es nicht; möglich sind %(choices)s",
    "invalid %(type)s value: %(value)r": "%(value)r ist keine ganze Zahl",
    "expected one argument": "hier fehlt ein Wert",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s ist mehrdeutig: %(matches)s",
    "ignored explicit argument %r": "%r gehört hier nicht hin",
}


def speak_german() -> None:
    """argparse looks its texts up through its module-level gettext alias; the alias gets a dictionary."""
    vars(argparse)["_"] = lambda text: _TEXTS.get(text, text)
