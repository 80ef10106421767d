"""Where the testbed keeps things; everything it writes lies below the git-ignored `.testbed/`."""

from pathlib import Path

RECIPES = Path(__file__).resolve().parent / "recipes"
STATE = Path(__file__).resolve().parent.parent / ".testbed"
LOGS = STATE / ".logs"
MACHINE_CERTIFICATES = Path("/usr/local/share/ca-certificates")


def state_folder() -> Path:
    """Create `.testbed/` with its own .gitignore and return it."""
    STATE.mkdir(exist_ok=True)
    ignore = STATE / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return STATE
