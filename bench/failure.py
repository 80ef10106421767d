"""The one error of this room."""

from __future__ import annotations


class BenchFailed(Exception):
    """A measurement could not be taken; the message is German and says where to look."""
