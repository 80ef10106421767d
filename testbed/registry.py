"""The registry the hosts pull from: one labelled container, published on loopback only."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from testbed.build import ensure_images
from testbed.command import attempt, run
from testbed.console import say
from testbed.engine import docker
from testbed.failure import TestbedError
from testbed.recipe import Recipe, recipe

CONTAINER = "upkeep-testbed-registry"
LABEL = "upkeep.testbed"
ALIAS = "registry.upkeep.test"
PORT = 5000
MARK = ".registry"  # label value; no testbed can have this name
_VOLUME = "upkeep-testbed-registry"
_READY_LIMIT_S = 20
_TURNS, _PAUSE_S = 3, 1.0
_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True)
class Manifest:
    """What the registry holds under a name: its digest and the id of the image it describes."""

    digest: str
    image_id: str


def ensure_registry() -> str:
    """Start the registry unless it runs from the current image; return its loopback address."""
    ensure_images(["registry"])
    wanted = run(docker("image", "inspect", "-f", "{{.Id}}", recipe("registry").image)).strip()
    seen = attempt(docker("container", "inspect", "-f", "{{.Image}} {{.State.Running}}", CONTAINER)).stdout.split()
    if seen != [wanted, "true"]:
        _start()
    address = loopback_address()
    _await_ready(address)
    return address


def loopback_address() -> str:
    """Return `127.0.0.1:<port>`, where this machine's own daemon may push without further settings."""
    return run(docker("port", CONTAINER, f"{PORT}/tcp")).splitlines()[0].strip()


def push(image: str, names: list[str]) -> dict[str, str]:
    """Push local `image` under each `repository:tag` of `names`; return name → digest."""
    ensure_registry()
    return _push_all(image, names)


def publish(recipes: list[Recipe]) -> None:
    """Push every image that hosts expect under a public name, e.g. `library/mongo:6.0`."""
    ensure_registry()
    for one in recipes:
        _push_all(one.image, list(one.published))


def retag(name: str, other: str) -> str:
    """Let `other` mean what `name` of the same repository means; returns the digest. Nothing is pushed but the name."""
    return _persistently(partial(_retag, name, other))


def _retag(name: str, other: str, address: str) -> str:
    repository, _, tag = name.rpartition(":")
    with _open(address, f"/v2/{repository}/manifests/{tag}") as answer:
        manifest, kind = answer.read(), answer.headers["Content-Type"]
    wanted = f"/v2/{repository}/manifests/{other.rpartition(':')[2]}"
    with _open(address, wanted, manifest, {"Content-Type": kind}, method="PUT") as answer:
        return str(answer.headers["Docker-Content-Digest"])


def digest(name: str) -> str:
    """Return the digest the registry holds for `repository:tag`; raises TestbedError if there is none."""
    found = _manifest(ensure_registry(), name)
    if found is None:
        raise TestbedError(
            f"Image „{name}“ liegt nicht in der Registry",
            next_step=f"hineinlegen: `python3 -m testbed push LOKALES-IMAGE {name}`",
        )
    return found.digest


def _start() -> None:
    say("Starte Registry")
    attempt(docker("rm", "-f", CONTAINER))
    labels = ["--label", f"{LABEL}={MARK}"]
    storage = ["--volume", f"{_VOLUME}:/var/lib/registry"]
    place = ["--name", CONTAINER, "--restart", "always", "--publish", f"127.0.0.1::{PORT}"]
    run(docker("run", "-d", *place, *labels, *storage, recipe("registry").image))
    for network in run(docker("network", "ls", "--filter", f"label={LABEL}", "--format", "{{.Name}}")).split():
        attach(network)


def attach(network: str) -> None:
    """Make the registry known as registry.upkeep.test in `network`."""
    if network not in _attached_networks():
        run(docker("network", "connect", "--alias", ALIAS, network, CONTAINER))


def detach(network: str) -> None:
    """Take the registry out of `network`, if it is there."""
    attempt(docker("network", "disconnect", "--force", network, CONTAINER))


def _attached_networks() -> list[str]:
    seen = attempt(docker("container", "inspect", "-f", "{{json .NetworkSettings.Networks}}", CONTAINER))
    return [name for name in json.loads(seen.stdout) if name != "bridge"] if seen.returncode == 0 else []


def _await_ready(address: str) -> None:
    deadline, last = time.monotonic() + _READY_LIMIT_S, "keine Antwort"
    while time.monotonic() < deadline:
        try:
            with _open(address, "/v2/"):
                return
        except OSError as error:
            last = str(error)
            time.sleep(0.2)
    raise TestbedError(
        "Registry antwortet nicht",
        observed=last,
        limit=f"{_READY_LIMIT_S} s",
        next_step=f"Protokoll ansehen: `docker logs {CONTAINER}`",
    )


def _push_all(image: str, names: list[str]) -> dict[str, str]:
    image_id = _local_id(image)
    return {name: _persistently(partial(_push_one, image, image_id, name)) for name in names}


def _persistently(act: Callable[[str], str]) -> str:
    """`act` at the registry's address. When another testbed takes its network away, Docker publishes the port anew: in
    that moment nobody answers there."""
    for _ in range(_TURNS - 1):
        try:
            return act(loopback_address())
        except (TestbedError, OSError):
            time.sleep(_PAUSE_S)
    return act(loopback_address())


def _push_one(image: str, image_id: str, name: str, address: str) -> str:
    held = _manifest(address, name)
    if held and image_id in (held.image_id, held.digest):
        say(f"Registry {name}: aktuell")
        return held.digest
    target = f"{address}/{name}"
    run(docker("tag", image, target))
    try:
        output = run(docker("push", target))
    finally:
        attempt(docker("rmi", target))
    found = re.search(r"digest: (sha256:[0-9a-f]{64})", output)
    if found is None:
        raise TestbedError(
            f"Push von „{name}“ meldet keinen Digest",
            observed=output.strip()[-300:],
            next_step=f"Protokoll ansehen: `docker logs {CONTAINER}`",
        )
    say(f"Registry {name}: {found[1]}")
    return found[1]


def _local_id(image: str) -> str:
    seen = attempt(docker("image", "inspect", "-f", "{{.Id}}", image))
    if seen.returncode != 0:
        raise TestbedError(f"Lokales Image „{image}“ gibt es nicht", next_step="`docker images` zeigt, welche es gibt")
    return seen.stdout.strip()


def _manifest(address: str, name: str) -> Manifest | None:
    repository, _, tag = name.rpartition(":")
    try:
        with _open(address, f"/v2/{repository}/manifests/{tag}") as answer:
            config = json.load(answer).get("config", {})
            return Manifest(answer.headers["Docker-Content-Digest"], config.get("digest", ""))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _open(
    address: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, method: str = "GET"
) -> http.client.HTTPResponse:
    headers = {"Accept": ", ".join(_MANIFEST_TYPES)} | (headers or {})
    request = urllib.request.Request(f"http://{address}{path}", body, headers, method=method)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer: http.client.HTTPResponse = direct.open(request, timeout=10)
    return answer
