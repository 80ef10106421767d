"""Pictures for README and docs/images: taken like a person's screen, small enough for a repository."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WANTED = "UPKEEP_SCREENSHOTS" in os.environ
LARGEST = 100_000  # bytes
COLOURS = (256, 128, 64)


def take(page: Page, name: str) -> None:
    """Save what the viewport shows as docs/images/<name>.png, if pictures are wanted in this run."""
    if not WANTED:
        return
    raw = page.screenshot(animations="disabled", caret="hide")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(small(raw))


def small(raw: bytes) -> bytes:
    """The picture as it is where that is small enough, else with a palette of as many colours as the limit allows."""
    picture = Image.open(io.BytesIO(raw)).convert("RGB")
    packed = png(picture)
    for colours in COLOURS:
        if len(packed) <= LARGEST:
            break
        packed = png(picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG))
    return packed


def png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()
