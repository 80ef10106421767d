"""The registry port against real HTTP servers: tokens, redirects, digests."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from upkeep.errors import ImageMissing, RegistryFailed
from upkeep.ports.docker import DockerHost
from upkeep.ports.registry import HttpRegistry, addresses
from upkeep.versions import reference

HOST = DockerHost("amd64", "/var/lib/docker", insecure_networks=("127.0.0.0/8",))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def packed(document: dict[str, Any]) -> tuple[str, bytes]:
    body = json.dumps(document).encode()
    return f"sha256:{hashlib.sha256(body).hexdigest()}", body


class Server:
    """Answers by path: (status, headers, body). Remembers who asked with which Authorization."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.token: str | None = None
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        authorization = request.headers.get("Authorization")
        self.asked.append((request.path, authorization))
        page = self.pages.get(request.path.partition("?")[0], (404, {}, b"{}"))
        if self.token and request.path.startswith("/v2/") and authorization != f"Bearer {self.token}":
            realm = f'Bearer realm="http://{self.address}/token",service="test",scope="x"'
            page = (401, {"WWW-Authenticate": realm}, b"{}")
        status, headers, body = page
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def publish(self, version: str | None = "1.1.0", architecture: str = "amd64") -> str:
        labels = {"org.opencontainers.image.version": version} if version else {}
        config, config_body = packed({"architecture": architecture, "config": {"Labels": labels}})
        layers = [{"digest": "x", "size": 1000}, {"digest": "y", "size": 500}]
        manifest, body = packed({"mediaType": MANIFEST, "config": {"digest": config}, "layers": layers})
        self.pages[f"/v2/lager/blobs/{config}"] = (200, {}, config_body)
        self.pages[f"/v2/lager/manifests/{manifest}"] = self.pages["/v2/lager/manifests/stable"] = (200, {}, body)
        return manifest

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def resolve(server: Server, tag: str = "stable") -> Any:
    return HttpRegistry(5).resolve(reference.parse(f"{server.address}/lager:{tag}"), HOST)


def test_tag_becomes_digest_version_and_size(server: Server) -> None:
    digest = server.publish()
    resolved = resolve(server)
    assert (resolved.digest, resolved.version, resolved.architecture) == (digest, "1.1.0", "amd64")
    assert resolved.size_bytes == 1500
    assert resolved.pinned == f"{server.address}/lager@{digest}"


def test_image_without_label_has_no_version(server: Server) -> None:
    server.publish(version=None)
    assert resolve(server).version is None


def test_index_gives_its_own_digest_and_this_hosts_labels(server: Server) -> None:
    arm = server.publish("1.1.0-arm", "arm64")
    amd = server.publish("1.1.0", "amd64")
    platforms = [(arm, "arm64"), (amd, "amd64")]
    entries = [{"digest": digest, "platform": {"architecture": name}} for digest, name in platforms]
    digest, body = packed({"mediaType": INDEX, "manifests": entries})
    server.pages["/v2/lager/manifests/stable"] = (200, {}, body)
    resolved = resolve(server)
    assert (resolved.digest, resolved.version) == (digest, "1.1.0")


def test_index_without_this_architecture_names_what_there_is(server: Server) -> None:
    _, body = packed({"mediaType": INDEX, "manifests": [{"digest": "x", "platform": {"architecture": "arm64"}}]})
    server.pages["/v2/lager/manifests/stable"] = (200, {}, body)
    with pytest.raises(RegistryFailed, match=r"gefunden: arm64; erwartet: amd64"):
        resolve(server)


def test_missing_image(server: Server) -> None:
    with pytest.raises(ImageMissing, match=r"Das Abbild .*/lager:nirgends gibt es nicht \(gefunden: HTTP 404"):
        resolve(server, "nirgends")


def test_token_is_fetched_and_used(server: Server) -> None:
    server.publish()
    server.token = "t0ken"
    server.pages["/token"] = (200, {}, json.dumps({"token": "t0ken"}).encode())
    assert resolve(server).version == "1.1.0"
    asked = [path for path, _ in server.asked if path.startswith("/token")]
    assert asked == ["/token?service=test&scope=repository%3Alager%3Apull"]


def test_roots_login_goes_to_the_registrys_own_token_service(server: Server, docker_config: Path) -> None:
    login = base64.b64encode(b"bot:geheim").decode()
    docker_config.write_text(json.dumps({"auths": {server.address: {"auth": login}}}))
    server.publish()
    server.token = "t0ken"
    server.pages["/token"] = (200, {}, json.dumps({"access_token": "t0ken"}).encode())
    resolve(server)
    assert [auth for path, auth in server.asked if path.startswith("/token")] == [f"Basic {login}"]


def test_a_login_can_be_tried_before_it_is_roots(server: Server, docker_config: Path, tmp_path: Path) -> None:
    used, tried = (base64.b64encode(f"bot:{word}".encode()).decode() for word in ("alt", "neu"))
    docker_config.write_text(json.dumps({"auths": {server.address: {"auth": used}}}))
    other = tmp_path / "next.json"
    other.write_text(json.dumps({"auths": {server.address: {"auth": tried}}}))
    server.publish()
    server.token = "t0ken"
    server.pages["/token"] = (200, {}, json.dumps({"token": "t0ken"}).encode())
    HttpRegistry(5).with_credentials(other).resolve(reference.parse(f"{server.address}/lager:stable"), HOST)
    assert [auth for path, auth in server.asked if path.startswith("/token")] == [f"Basic {tried}"]


def test_no_login_where_one_is_wanted_says_what_to_do(server: Server) -> None:
    server.token = "t0ken"
    server.pages["/token"] = (401, {}, b"{}")
    with pytest.raises(RegistryFailed, match=r"HTTP 401: kein Zugriff ohne Anmeldung.*upkeep_agent__registries für"):
        resolve(server)


@pytest.mark.parametrize("status", [401, 403])
def test_expired_login_names_whose_it_was(server: Server, docker_config: Path, status: int) -> None:
    login = base64.b64encode(b"bot:abgelaufen").decode()
    docker_config.write_text(json.dumps({"auths": {server.address: {"auth": login}}}))
    server.token = "t0ken"
    server.pages["/token"] = (status, {}, b"{}")
    with pytest.raises(RegistryFailed) as caught:
        resolve(server)
    assert f"HTTP {status}: die Anmeldung als bot gilt nicht (mehr)" in str(caught.value)
    assert "abgelaufen" not in str(caught.value)


def test_token_service_that_answers_with_a_page(server: Server) -> None:
    server.token = "t0ken"
    server.pages["/token"] = (200, {}, b"<html>Wartung</html>")
    with pytest.raises(RegistryFailed, match="gibt kein Token aus"):
        resolve(server)


def test_blob_elsewhere_is_fetched_without_credentials(server: Server, elsewhere: Server) -> None:
    """Plain HTTP elsewhere is not followed: it would have to be https or the registry itself."""
    server.publish()
    blob = next(path for path in server.pages if "/blobs/" in path)
    elsewhere.pages["/storage"] = server.pages[blob]
    server.pages[blob] = (307, {"Location": f"http://{elsewhere.address}/storage"}, b"")
    with pytest.raises(RegistryFailed, match="Umleitung nach http://"):
        resolve(server)
    server.pages["/storage"] = elsewhere.pages["/storage"]
    server.pages[blob] = (307, {"Location": f"http://{server.address}/storage"}, b"")
    assert resolve(server).version == "1.1.0"
    assert elsewhere.asked == []


def test_redirected_manifest_is_refused(server: Server) -> None:
    server.pages["/v2/lager/manifests/stable"] = (302, {"Location": "https://example.org/"}, b"")
    with pytest.raises(RegistryFailed, match="HTTP 302"):
        resolve(server)


def test_other_bytes_than_the_digest_says_are_refused(server: Server) -> None:
    digest = server.publish()
    server.pages[f"/v2/lager/manifests/{digest}"] = (200, {}, b'{"evil": true}')
    with pytest.raises(RegistryFailed, match=r"hat für .* etwas anderes geliefert"):
        HttpRegistry(5).resolve(reference.parse(f"{server.address}/lager@{digest}"), HOST)


def test_registry_that_is_down(server: Server) -> None:
    server.close()
    with pytest.raises(RegistryFailed, match="nicht erreichbar"):
        resolve(server)


def test_mirrors_come_before_docker_hub_and_for_docker_hub_only() -> None:
    host = DockerHost("amd64", "/", insecure=("registry.test:5000",), mirrors=("http://registry.test:5000/",))
    assert addresses(reference.parse("haproxy:3.0"), host) == (
        "http://registry.test:5000",
        "https://registry-1.docker.io",
    )
    assert addresses(reference.parse("ghcr.io/a/b:1"), host) == ("https://ghcr.io",)
    assert addresses(reference.parse("registry.test:5000/lager:1"), host) == ("http://registry.test:5000",)


def test_image_missing_on_the_mirror_is_looked_for_at_the_next_address(server: Server, elsewhere: Server) -> None:
    elsewhere.publish()
    for path in list(elsewhere.pages):
        elsewhere.pages[path.replace("/lager/", "/library/lager/")] = elsewhere.pages[path]
    host = DockerHost("amd64", "/", mirrors=(f"http://{server.address}", f"http://{elsewhere.address}"))
    assert HttpRegistry(5).resolve(reference.parse("lager:stable"), host).version == "1.1.0"


def test_tags_are_read_page_by_page_from_the_same_server(server: Server, elsewhere: Server) -> None:
    first, last = json.dumps({"tags": ["1.0.0", "1.1.0"]}).encode(), json.dumps({"tags": ["1.2.0"]}).encode()
    link = f'<http://{elsewhere.address}/v2/lager/more/list?n=2&last=1.1.0>; rel="next"'
    server.pages["/v2/lager/tags/list"] = (200, {"Link": link}, first)
    server.pages["/v2/lager/more/list"] = (200, {}, last)
    tags = HttpRegistry(5).tags(reference.parse(f"{server.address}/lager"), HOST)
    assert tags == ("1.0.0", "1.1.0", "1.2.0")
    assert [path for path, _ in server.asked] == ["/v2/lager/tags/list?n=1000", "/v2/lager/more/list?n=2&last=1.1.0"]
    assert elsewhere.asked == []


def test_endless_list_of_tags_has_an_end(server: Server) -> None:
    page = json.dumps({"tags": [f"1.0.{number}" for number in range(4000)]}).encode()
    server.pages["/v2/lager/tags/list"] = (200, {"Link": '</v2/lager/tags/list?n=1000&last=x>; rel="next"'}, page)
    with pytest.raises(RegistryFailed, match="zu viele Tags für einen Versionsbereich"):
        HttpRegistry(5).tags(reference.parse(f"{server.address}/lager"), HOST)


def test_repository_without_tags(server: Server) -> None:
    server.pages["/v2/lager/tags/list"] = (200, {}, b'{"name": "lager", "tags": null}')
    assert HttpRegistry(5).tags(reference.parse(f"{server.address}/lager"), HOST) == ()
