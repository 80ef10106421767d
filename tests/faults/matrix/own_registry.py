"""A registry of this room's own, which may be broken: blobs gone, logins expired, switched off."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import time
from dataclasses import dataclass
from typing import Any

import requests

from testbed.paths import CHECKOUT, STATE, machine_wide
from testbed.recipe import recipe

NAME = "faults.upkeep.test:5000"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
USERS = "upkeep:$2b$05$4ngzXzO341uD9Rgvxeob8eKc8bQ/9K3XmeSeRJAllBK81s2PAY34G\n"  # its password is „gueltig“
LOGIN = {"REGISTRY_AUTH_HTPASSWD_REALM": "faults", "REGISTRY_AUTH_HTPASSWD_PATH": "/users"}


def docker(*words: str, check: bool = True, stdin: bytes | None = None) -> str:
    done = subprocess.run(["docker", *words], input=stdin, capture_output=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


@dataclass
class OwnRegistry:
    """Belongs to testbed `bed` and goes with it. Its hosts know it as `faults.upkeep.test`."""

    bed: str

    @property
    def container(self) -> str:
        return f"{machine_wide(self.bed)}-registry"

    def start(self, login: bool = False) -> None:
        """Anew, with the same content; with `login` it asks for one."""
        docker("rm", "-f", self.container, check=False)
        labels = [f"upkeep.testbed={CHECKOUT}-{self.bed}", f"upkeep.testbed.state={STATE / self.bed / 'state.json'}"]
        words = [part for label in labels for part in ("--label", label)]
        words += ["--volume", f"{self.container}:/var/lib/registry", "--publish", "127.0.0.1::5000"]
        words += [part for item in LOGIN.items() if login for part in ("--env", "=".join(item))]
        words += ["--network", machine_wide(self.bed), "--network-alias", NAME.partition(":")[0]]
        docker("create", "--name", self.container, *words, recipe("registry").image)
        docker("cp", "-", f"{self.container}:/", stdin=_packed("users", USERS))
        self.switch_on()

    def switch_off(self) -> None:
        docker("kill", self.container)

    def switch_on(self) -> None:
        docker("start", self.container)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                requests.get(f"{self.url}/v2/", timeout=2)
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{self.container} antwortet nicht")

    def remove(self) -> None:
        docker("rm", "-f", self.container, check=False)
        docker("volume", "rm", "-f", self.container, check=False)

    @property
    def address(self) -> str:
        return docker("port", self.container, "5000/tcp").splitlines()[0]

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def push(self, image: str, tag: str) -> None:
        """Local `image` as `tinyapp:<tag>`."""
        target = f"{self.address}/tinyapp:{tag}"
        docker("tag", image, target)
        docker("push", "-q", target)
        docker("rmi", target)

    def lose_blob(self, tag: str) -> None:
        """The manifest stays, its last layer is gone (no other image has it)."""
        layer = self._manifest(tag)["layers"][-1]["digest"]
        requests.delete(f"{self.url}/v2/tinyapp/blobs/{layer}", timeout=10).raise_for_status()

    def claim_architecture(self, tag: str, claimed: str, architecture: str) -> None:
        """The image of `tag` once more as `claimed`, made for other processors."""
        manifest = self._manifest(tag)
        config = requests.get(f"{self.url}/v2/tinyapp/blobs/{manifest['config']['digest']}", timeout=10).json()
        config["config"]["Labels"] |= {"org.opencontainers.image.version": claimed}
        body = json.dumps(config | {"architecture": architecture}).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        place = requests.post(f"{self.url}/v2/tinyapp/blobs/uploads/", timeout=10).headers["Location"]
        put = requests.put(place, params={"digest": digest}, data=body, timeout=10)
        put.raise_for_status()
        manifest["config"] |= {"digest": digest, "size": len(body)}
        self._put_manifest(claimed, manifest)

    def _manifest(self, tag: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/v2/tinyapp/manifests/{tag}", headers={"Accept": MANIFEST}, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def _put_manifest(self, tag: str, manifest: dict[str, Any]) -> None:
        headers, place = {"Content-Type": MANIFEST}, f"{self.url}/v2/tinyapp/manifests/{tag}"
        requests.put(place, data=json.dumps(manifest), headers=headers, timeout=10).raise_for_status()


def _packed(name: str, content: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content.encode()), 0o644
        archive.addfile(info, io.BytesIO(content.encode()))
    return packed.getvalue()
