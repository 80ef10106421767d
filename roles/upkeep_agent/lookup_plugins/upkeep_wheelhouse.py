"""Lookup: the wheelhouse of the agent as one archive that is named after its content."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: upkeep_wheelhouse
short_description: Packs the agent's wheels into one archive
description:
  - Returns for each directory of wheels C(version) (of the agent), C(digest) (of the content) and C(archive).
  - The archive is made beside the directory when it is not there yet. It also carries the controller's pip, so that a
    host needs nothing but Python.
author: Upkeep
options:
  _terms:
    description: Directories of wheels on the controller.
    required: true
"""

OWN = re.compile(r"upkeep-([^-]+)-py3-none-any\.whl")
EPOCH = (2020, 1, 1, 0, 0, 0)


class LookupModule(LookupBase):
    """Loaded by Ansible with the role."""

    def run(self, terms: list[str], variables: object = None, **kwargs: object) -> list[dict[str, str]]:
        return [packed(Path(term).resolve()) for term in terms]


def packed(wheels: Path) -> dict[str, str]:
    """Version, digest and archive of a directory of wheels. AnsibleLookupError says what is missing, in German."""
    files = sorted(path for path in wheels.glob("*.whl") if path.is_file()) if wheels.is_dir() else []
    version = next((found[1] for path in files if (found := OWN.fullmatch(path.name))), None)
    if version is None:
        raise AnsibleLookupError(f"{wheels} enthält kein Paket upkeep-….whl. Erzeugen: `make wheels`.")
    members = {path.name: path.read_bytes() for path in files} | {"pip.zip": _own_pip()}
    digest = _digest(members)
    archive = wheels.parent / f"wheels-{digest[:16]}.tar"
    if not archive.exists():
        _write(archive, members)
    return {"version": version, "digest": digest, "archive": str(archive)}


def _digest(members: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(members.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _write(archive: Path, members: dict[str, bytes]) -> None:
    for old in archive.parent.glob("wheels-*.tar"):
        old.unlink(missing_ok=True)
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w") as tar:
        for name, content in sorted(members.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    part.replace(archive)


def _own_pip() -> bytes:
    """The pip of this Python, as a zip that Python can run: `python3 pip.zip/pip`."""
    try:
        import pip
    except ImportError as error:
        raise AnsibleLookupError("Der Python-Umgebung von Ansible fehlt pip. Einrichten: `make setup`.") from error
    home = Path(pip.__file__).parent
    packed_pip = io.BytesIO()
    with zipfile.ZipFile(packed_pip, "w") as archive:
        for path in _sources(home):
            entry = zipfile.ZipInfo(str(path.relative_to(home.parent)), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed_pip.getvalue()


def _sources(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".exe":
            yield path
