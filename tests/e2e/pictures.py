"""Pictures for README and docs/images: taken like a person's screen, small enough for a repository."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WANTED = "UPKEEP_SCREENSHOTS" in os.environ
LARGEST = 150_000  # bytes


def take(page: Page, name: str) -> None:
    """Save what the viewport shows as docs/images/<name>.png, if pictures are wanted in this run."""
    if not WANTED:
        return
    raw = page.screenshot(animations="disabled", caret="hide")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(small(raw))


def small(raw: bytes) -> bytes:
    """The picture with a palette of its own: a third of the size, and no area is more than 2 of 255 off."""
    picture = Image.open(io.BytesIO(raw)).convert("RGB")
    reduced = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.FLOYDSTEINBERG)
    written = io.BytesIO()
    reduced.save(written, "PNG", optimize=True)
    assert written.tell() <= LARGEST, f"{written.tell()} Bytes"
    return written.getvalue()
