"""How the built pages are served."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.app.people import Person

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/artikel", "/artikel/0123/bearbeiten", "/einladung/abc"])
async def test_every_page_is_the_index_and_asked_for_each_time(visitor: Person, path: str) -> None:
    reply = await visitor.client.get(path)
    assert reply.text.startswith("<!doctype html>")
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [("br, gzip", "br", b"brotli"), ("gzip;q=1.0", "gzip", b"gzip"), ("identity", None, b"let plain;")],
)
async def test_assets_are_kept_for_ever_in_the_best_form(
    visitor: Person, accepted: str, encoding: str | None, body: bytes
) -> None:
    request = visitor.client.build_request("GET", "/assets/app-1234.js", headers={"Accept-Encoding": accepted})
    reply = await visitor.client.send(request, stream=True)
    raw = b"".join([part async for part in reply.aiter_raw()])
    assert (reply.headers.get("content-encoding"), raw) == (encoding, body)
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-type"].startswith("text/javascript")


async def test_unchanged_index_is_not_sent_again(visitor: Person) -> None:
    etag = (await visitor.client.get("/")).headers["etag"]
    reply = await visitor.client.get("/", headers={"If-None-Match": etag})
    assert (reply.status_code, reply.content) == (304, b"")


async def test_files_outside_the_build_are_out_of_reach(visitor: Person, frontend: Path) -> None:
    (frontend.parent / "secret.txt").write_text("geheim")
    for path in ("/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"):
        assert "geheim" not in (await visitor.client.get(path)).text
