"""Builds the Lager app's image and puts it into the testbed's registry; also the broken version of the demo."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from testbed.engine import docker
from workshop.commands import answer, ours, relay

BASE_IMAGE = "upkeep-testbed/python"
REPOSITORY = "lager"
CHANNEL = "stable"
# Crashes at start, says why, and would be restarted for ever: what a bad release usually looks like.
BROKEN_DOCKERFILE = """\
FROM {image}
LABEL org.opencontainers.image.version="{version}" org.opencontainers.image.created="{created}"
ENV LAGER_VERSION={version}
CMD ["python3", "-c", "raise SystemExit('Einstellung LAGER_TARIF fehlt; ohne sie startet {version} nicht.')"]
"""


def in_registry(tag: str = CHANNEL, repository: str = REPOSITORY) -> bool:
    return answer(sys.executable, "-m", "testbed", "digest", f"{repository}:{tag}") is not None


def build(version: str, repository: str = REPOSITORY, notes: str = "") -> None:
    """Build `<repository>:<version>` from the sources of this checkout (cached by content)."""
    words = ("--version", version, "--tag", f"{repository}:{version}", "--base-image", BASE_IMAGE)
    relay(sys.executable, "app/build.py", *words, "--notes", notes)


def publish(version: str, *, stable: bool, repository: str = REPOSITORY) -> None:
    """Put a built version into the registry; `stable` moves the channel to it."""
    names = [f"{repository}:{version}", *([f"{repository}:{CHANNEL}"] if stable else [])]
    ours("testbed", "push", f"{repository}:{version}", *names)


def build_broken(version: str, good: str, repository: str = REPOSITORY) -> None:
    """A version on top of `good` that never gets ready; each build is another image, like each real release."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    dockerfile = BROKEN_DOCKERFILE.format(image=f"{repository}:{good}", version=version, created=created)
    relay(*docker("build", "--quiet", "--tag", f"{repository}:{version}", "-"), stdin=dockerfile, quiet=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Lager-App bauen und in die Registry des Testfelds legen")
    parser.add_argument("version", nargs="?", default="1.0.0")
    parser.add_argument("--stable", action="store_true", help="den Kanal lager:stable auf diese Version stellen")
    arguments = parser.parse_args()
    build(arguments.version)
    publish(arguments.version, stable=arguments.stable or not in_registry())


if __name__ == "__main__":
    main()
