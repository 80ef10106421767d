"""Debian's Chromium and a few fonts, for end-to-end tests and screenshots."""

import shutil

from testbed.command import run
from testbed.console import say
from testbed.packages import ensure_packages, is_available

_FONTS = ("fonts-inter", "fonts-dejavu-core", "fonts-noto-color-emoji", "fontconfig")


def ensure_browser() -> str:
    """Install Chromium and fonts where they are missing; return the browser's version."""
    ensure_packages(["chromium"], why="die Browser-Tests")
    ensure_packages([font for font in _FONTS if is_available(font)], why="die Bildschirmfotos")
    version = run([shutil.which("chromium") or "/usr/bin/chromium", "--version"]).strip()
    say(f"Browser: {version}")
    return version
