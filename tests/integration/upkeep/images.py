"""Versions of the tiny app in the testbed's registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from testbed import registry

CONTEXT = Path(__file__).parent / "tinyapp"
ROOT = Path(__file__).parents[3]
_tags: dict[str, str] = {}


def testbed(*arguments: str) -> str:
    """The testbed's command line; its answer."""
    argv = [sys.executable, "-m", "testbed", *arguments]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def publish(version: str, tag: str, behaviour: str = "good") -> str:
    """Build a version and push it; returns its digest."""
    image = f"upkeep-tinyapp:{version}-{behaviour}"
    arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"BEHAVIOUR={behaviour}"]
    build = ["docker", "build", "-q", "-t", image, "--label", "upkeep.testbed=tinyapp", *arguments, str(CONTEXT)]
    subprocess.run(build, check=True, capture_output=True, env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin"})
    _tags[version] = tag
    return push(image, tag)


def push(image: str, tag: str) -> str:
    return testbed("push", image, f"tinyapp:{tag}").strip().rpartition("@")[2]


def channel(version: str) -> str:
    """Let the channel `stable` offer a version that was published before."""
    return registry.retag(f"tinyapp:{_tags[version]}", "tinyapp:stable")
