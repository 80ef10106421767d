"""CRC-64/XZ, the checksum of mongodump's archives, from liblzma: every Debian has it, dpkg itself needs it."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def _function() -> Any:
    found = ctypes.CDLL("liblzma.so.5").lzma_crc64
    found.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
    found.restype = ctypes.c_uint64
    return found


def crc64(data: bytes, before: int = 0) -> int:
    """Of everything so far, `before` being what came out for all before `data`. Lets other threads run meanwhile."""
    return int(_function()(data, len(data), before))
