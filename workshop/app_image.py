"""Builds the Lager app's image and puts it into the testbed's registry; also the broken version of the demo."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from workshop.progress import fail

ROOT = Path(__file__).resolve().parent.parent
BASE_IMAGE = "upkeep-testbed/python"
STABLE = "lager:stable"
# Crashes at start, says why, and would be restarted for ever: what a bad release usually looks like.
BROKEN_DOCKERFILE = """\
FROM {image}
LABEL org.opencontainers.image.version="{version}"
ENV LAGER_VERSION={version}
CMD ["python3", "-c", "raise SystemExit('Einstellung LAGER_TARIF fehlt; ohne sie startet {version} nicht.')"]
"""


def _run(*argv: str, **options: str) -> None:
    code = subprocess.run(argv, cwd=ROOT, check=False, text=True, **options).returncode  # type: ignore[call-overload]
    if code:
        fail(f"'{' '.join(argv[:5])} …' endete mit {code}; die Ursache steht darüber.")


def testbed(*words: str) -> None:
    _run(sys.executable, "-m", "testbed", *words)


def in_registry(name: str) -> bool:
    argv = [sys.executable, "-m", "testbed", "digest", name]
    return subprocess.run(argv, cwd=ROOT, check=False, capture_output=True).returncode == 0


def build(version: str) -> None:
    """Build `lager:<version>` from the sources of this checkout (cached by content)."""
    tag = f"lager:{version}"
    _run(sys.executable, "app/build.py", "--version", version, "--tag", tag, "--base-image", BASE_IMAGE)


def publish(version: str, *, stable: bool) -> None:
    """Put a built version into the registry; `stable` moves the channel to it."""
    tag = f"lager:{version}"
    testbed("push", tag, *([tag, STABLE] if stable else [tag]))


def build_broken(version: str, image: str) -> None:
    """A version on top of `image` that never gets ready."""
    dockerfile = BROKEN_DOCKERFILE.format(image=image, version=version)
    _run("docker", "build", "--quiet", "--tag", f"lager:{version}", "-", input=dockerfile)


def main() -> None:
    parser = argparse.ArgumentParser(description="Lager-App bauen und in die Registry des Testfelds legen")
    parser.add_argument("version", nargs="?", default="1.0.0")
    parser.add_argument("--stable", action="store_true", help="den Kanal lager:stable auf diese Version stellen")
    arguments = parser.parse_args()
    build(arguments.version)
    publish(arguments.version, stable=arguments.stable or not in_registry(STABLE))


if __name__ == "__main__":
    main()
