"""Where the testbed keeps things; everything it writes lies below the git-ignored `.testbed/`."""

import hashlib
from pathlib import Path

RECIPES = Path(__file__).resolve().parent / "recipes"
STATE = Path(__file__).resolve().parent.parent / ".testbed"
LOGS = STATE / ".logs"
# Two checkouts on one machine (a developer's and CI's) must not take each other's hosts away.
CHECKOUT = hashlib.sha256(str(STATE).encode()).hexdigest()[:4]
MACHINE_CERTIFICATES = Path("/usr/local/share/ca-certificates")


def machine_wide(bed: str) -> str:
    """The name of a testbed's network on this machine; its containers are called `<that>-<host>`."""
    return f"upkeep-{CHECKOUT}-{bed}"


def state_folder() -> Path:
    """Create `.testbed/` with its own .gitignore and return it."""
    STATE.mkdir(exist_ok=True)
    ignore = STATE / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return STATE
