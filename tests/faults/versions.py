"""Versions of the tiny app under names of this room's own in the registry, so that rooms can run side by side."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from tests.integration.upkeep.images import CONTEXT, testbed

REGISTRY = "registry.upkeep.test:5000"
# The same code under another version; `late` is ready only after a while, long enough to be met in the middle.
DERIVED = """\
FROM {image}
ENV VERSION={version}
LABEL org.opencontainers.image.version={version}
CMD ["sh", "-c", "sleep {late}; exec python3 -u /app.py"]
"""


@dataclass(frozen=True)
class Versions:
    """`repository`: whose versions these are. The channel is its tag `stable`."""

    repository: str

    @property
    def channel(self) -> str:
        return f"{REGISTRY}/{self.repository}:stable"

    def publish(self, version: str, behaviour: str = "good") -> str:
        """Build a version of the tiny app and push it as tag `version`; returns its digest."""
        arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"BEHAVIOUR={behaviour}"]
        self._build(version, [*arguments, str(CONTEXT)])
        return self._push(version, version)

    def derive(self, version: str, image: str, late: float = 0) -> str:
        """A version like `image` (one published before) that needs `late` seconds to start. Quicker than `publish`."""
        self._build(version, ["-"], DERIVED.format(image=self._local(image), version=version, late=late))
        return self._push(version, version)

    def offer(self, version: str) -> str:
        """Let the channel offer a version that was published before."""
        return self._push(version, "stable")

    def _local(self, version: str) -> str:
        return f"{self.repository}:{version}"

    def _build(self, version: str, words: list[str], dockerfile: str | None = None) -> None:
        argv = ["docker", "build", "-q", "-t", self._local(version), "--label", "upkeep.testbed=tinyapp", *words]
        environment = {"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(argv, input=dockerfile, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"

    def _push(self, version: str, tag: str) -> str:
        return testbed("push", self._local(version), f"{self.repository}:{tag}").strip().rpartition("@")[2]
