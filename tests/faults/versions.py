"""Versions of the tiny app under names of this room's own in the registry, so that rooms can run side by side."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from testbed.paths import CHECKOUT
from tests.integration.upkeep.images import CONTEXT, testbed

REGISTRY = "registry.upkeep.test:5000"
# The same code under another version; `late` is ready only after a while, long enough to be met in the middle.
DERIVED = """\
FROM {image}
ENV VERSION={version}
LABEL org.opencontainers.image.version={version}
CMD ["sh", "-c", "test x$FLEET_HOST = x{sick_on} && exit 1; sleep {late}; exec python3 -u /app.py"]
"""


def versions_of(bed: str) -> Versions:
    """The versions for the hosts of a testbed; checkouts on one machine have different ones."""
    return Versions(f"tinyapp-{CHECKOUT}-{bed}")


@dataclass(frozen=True)
class Versions:
    """`repository`: whose versions these are. The channel is its tag `stable`."""

    repository: str

    @property
    def channel(self) -> str:
        return f"{REGISTRY}/{self.repository}:stable"

    def publish(self, version: str, behaviour: str = "good", offer: bool = False) -> None:
        """Build a version of the tiny app and push it as tag `version`; with `offer` the channel offers it, too."""
        arguments = ["--build-arg", f"VERSION={version}", "--build-arg", f"BEHAVIOUR={behaviour}"]
        self._build(version, [*arguments, str(CONTEXT)])
        self._push(version, offer)

    def derive(self, version: str, image: str, late: float = 0, offer: bool = False, sick_on: str = "nowhere") -> None:
        """A version like `image` (one published before) that needs `late` seconds to start, and does not come up where
        FLEET_HOST says `sick_on`. Quicker than `publish`."""
        text = DERIVED.format(image=self._local(image), version=version, late=late, sick_on=sick_on)
        self._build(version, ["-"], text)
        self._push(version, offer)

    def _local(self, version: str) -> str:
        return f"{self.repository}:{version}"

    def _build(self, version: str, words: list[str], dockerfile: str | None = None) -> None:
        argv = ["docker", "build", "-q", "-t", self._local(version), "--label", "upkeep.testbed=tinyapp", *words]
        environment = {"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(argv, input=dockerfile, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"

    def _push(self, version: str, offer: bool) -> None:
        testbed("push", self._local(version), *(self._local(tag) for tag in (version, "stable")[: 1 + offer]))
