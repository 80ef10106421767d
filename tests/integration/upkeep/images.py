"""Versions of the tiny app in the testbed's registry."""

from __future__ import annotations

import subprocess
from pathlib import Path

from testbed import registry

CONTEXT = Path(__file__).parent / "tinyapp"


def publish(version: str, *tags: str, behaviour: str = "good") -> str:
    """Build a version and push it as these tags; returns its digest."""
    image = f"upkeep-tinyapp:{version}-{behaviour}"
    arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"BEHAVIOUR={behaviour}"]
    build = ["docker", "build", "-q", "-t", image, "--label", "upkeep.testbed=tinyapp", *arguments, str(CONTEXT)]
    subprocess.run(build, check=True, capture_output=True, env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin"})
    return next(iter(registry.push(image, [f"tinyapp:{tag}" for tag in tags]).values()))
