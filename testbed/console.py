"""Progress lines with elapsed time, on stderr, so that stdout stays free for results."""

import sys
import threading
import time

_STARTED = time.monotonic()
_LOCK = threading.Lock()


def say(text: str) -> None:
    """Print one progress line, prefixed with the seconds since the command started."""
    with _LOCK:
        print(f"[{time.monotonic() - _STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)
