"""Sinks at which something happens while an archive is written to them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable


class At(io.BytesIO):
    """Does something once, when the first piece after the prelude arrives."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act
        self._pieces = 0

    def write(self, piece: object, /) -> int:
        self._pieces += 1
        if self._pieces == 2:
            self._act()
        return super().write(piece)  # type: ignore[arg-type]


class Hanging(io.BytesIO):
    """Takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, piece: object, /) -> int:
        self.released.wait(60)
        return super().write(piece)  # type: ignore[arg-type]


class Full(io.BytesIO):
    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, piece: object, /) -> int:
        if self.tell() > self._room:
            raise OSError(28, "No space left on device")
        return super().write(piece)  # type: ignore[arg-type]
