"""restic out of its image, for whoever needs the program and not a package."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.build import ensure_images
from testbed.command import run
from testbed.engine import docker

FOLDER = Path("/usr/lib/testbed")  # restic itself, and who makes its keys light ones: recipes/host
PROGRAM, STARTER = FOLDER / "restic", FOLDER / "restic-with-light-keys"


def packed() -> bytes:
    """Return a tar of what belongs into the folder above FOLDER."""
    with _image() as container:
        return subprocess.run(docker("cp", f"{container}:{FOLDER}", "-"), check=True, capture_output=True).stdout


def unpacked(folder: Path) -> Path:
    """Put it below `folder`, on this machine; return the program."""
    with _image() as container:
        run(docker("cp", f"{container}:{FOLDER}", str(folder)))
    return folder / FOLDER.name / STARTER.name


@contextmanager
def _image() -> Iterator[str]:
    image = next(one.image for one in ensure_images(["restic"]) if one.name == "restic")
    container = run(docker("create", image, "true")).strip()
    try:
        yield container
    finally:
        run(docker("rm", container))
