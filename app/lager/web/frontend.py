"""The built single-page application, held in memory with its compressed forms."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lager.problems import NotFound
from lager.web.access import ACCESS, Endpoint

FOREVER = "public, max-age=31536000, immutable"  # names below assets/ carry a hash of their content
ASK_FIRST = "no-cache"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the best first
TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".svg": "image/svg+xml"}
INDEX = "index.html"
MISSING = "Die Oberfläche ist nicht gebaut (app/frontend/dist fehlt)."


@dataclass(frozen=True)
class Asset:
    """``bodies`` maps an encoding to its bytes; the empty encoding is always there."""

    media_type: str
    etag: str
    cache: str
    bodies: dict[str, bytes]

    def answer(self, request: Request) -> Response:
        accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        encoding = next((name for name, _ in ENCODINGS if name in accepted and name in self.bodies), "")
        headers = {"Cache-Control": self.cache, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(self.bodies[encoding], media_type=self.media_type, headers=headers)


def read_assets(directory: Path) -> dict[str, Asset]:
    """All files of the build by their path; a few hundred kilobytes."""
    compressed = tuple(suffix for _, suffix in ENCODINGS)
    files = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.suffix not in compressed)
    return {path.relative_to(directory).as_posix(): _asset(path, directory) for path in files}


def _asset(path: Path, directory: Path) -> Asset:
    body = path.read_bytes()
    bodies = {"": body}
    for name, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[name] = packed.read_bytes()
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_hashed = path.relative_to(directory).parts[0] == "assets"
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Asset(guessed, etag, FOREVER if is_hashed else ASK_FIRST, bodies)


def frontend(directory: Path) -> Endpoint:
    """Serves files; every other path is a page of the application and gets its index."""
    assets = read_assets(directory)

    async def serve(request: Request) -> Response:
        path: str = request.path_params["path"]
        asset = assets.get(path or INDEX)
        if asset is None and (path.startswith(("api/", "assets/")) or path == "api"):
            raise NotFound("Diese Adresse gibt es nicht.")
        asset = asset or assets.get(INDEX)
        return asset.answer(request) if asset else PlainTextResponse(MISSING, 503)

    setattr(serve, ACCESS, "public")
    return serve
