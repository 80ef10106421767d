"""Progress lines with elapsed time, the same look in every make target."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

STARTED = time.monotonic()


def say(text: str) -> None:
    """Print one line, prefixed with the seconds since the target began."""
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step and say how long it took."""
    say(f"{title} …")
    began = time.monotonic()
    yield
    say(f"{title}: fertig nach {time.monotonic() - began:.0f} s")


def fail(text: str) -> NoReturn:
    """End the target with a message; no traceback for what an operator can mend."""
    sys.exit(f"\nFehler: {text}")
