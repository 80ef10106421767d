"""`python -m workshop.example_package`: the release package of tests/etikettendruck, built once for each state of its
source and of its builder (in .cache/).
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import tempfile
from pathlib import Path

from workshop import windows_package
from workshop.progress import say

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tests" / "etikettendruck"


def package() -> Path:
    """The zip. Two who build it at once do not mix: the folder comes to its place whole, and the first one stays."""
    folder = ROOT / ".cache" / "etikettendruck" / _fingerprint()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            built = windows_package.build(SOURCE, Path(beside) / "built").parent
            with contextlib.suppress(OSError):
                built.rename(folder)
    return next(folder.glob("*.zip"))


def _fingerprint() -> str:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", SOURCE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    files = [ROOT / name for name in sorted(set(listed.stdout.splitlines()))] + [Path(windows_package.__file__)]
    known = hashlib.sha256()
    for file in files:
        known.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return known.hexdigest()[:16]


if __name__ == "__main__":
    say(str(package().relative_to(ROOT)))
