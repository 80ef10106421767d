"""Runs the molecule scenarios one after the other from the repository root."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    scenarios = sys.argv[1:] or sorted(p.parent.name for p in ROOT.glob("molecule/*/molecule.yml"))
    command = str(Path(sys.executable).parent / "molecule")
    codes = [subprocess.run([command, "test", "-s", name], cwd=ROOT, check=False).returncode for name in scenarios]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
