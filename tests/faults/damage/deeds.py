"""What happens to a file: one bit turned, the end cut off, a block lost. Drawn from a seed, so always the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.damage.ground import Ground

SEED, BLOCK, SECTOR = 20261121, 4096, 512


@dataclass(frozen=True)
class Deed:
    """`number`: its place in the list. `spoil`: the file's bytes → others."""

    number: int
    kind: str
    what: str
    file: Path
    spoil: Callable[[bytes], bytes]

    def commit(self) -> bytes:
        """Returns what the file held."""
        held = self.file.read_bytes()
        spoiled = self.spoil(held)
        assert spoiled != held, self.what
        self._write(spoiled)
        return held

    def undo(self, held: bytes) -> None:
        self._write(held)

    def _write(self, content: bytes) -> None:
        self.file.chmod(0o600)
        self.file.write_bytes(content)


# How many of each are drawn for every kind of file.
FLIP, EDGE_FLIP, CUT, EDGE_CUT, LOST = (
    "ein Bit",
    "ein Bit am Blockrand",
    "gekürzt",
    "am Blockrand gekürzt",
    "Sektor leer",
)
COUNTS = {FLIP: 12, EDGE_FLIP: 6, CUT: 5, EDGE_CUT: 4, LOST: 2}


def deeds(ground: Ground, per_kind: dict[str, int] | None = None) -> Iterator[Deed]:
    draw, number = random.Random(SEED), 0
    for kind, files in ground.files.items():
        for what, count in (per_kind or COUNTS).items():
            for _ in range(count):
                file = draw.choice(files)
                size = file.stat().st_size
                yield Deed(number, kind, what, file, _spoiler(what, draw, size, _edges(ground, file, size)))
                number += 1


def _edges(ground: Ground, file: Path, size: int) -> list[int]:
    """Offsets where something ends or begins: blocks of a disk, restic's blobs in a pack, the file itself."""
    blocks = range(0, size, BLOCK)
    blobs = [place for place in ground.blobs.get(file, []) if place < size]
    return sorted({*blocks, *blobs, max(size - 4, 0), size - 1})


def _spoiler(what: str, draw: random.Random, size: int, edges: list[int]) -> Callable[[bytes], bytes]:
    bit, place, edge = 1 << draw.randrange(8), draw.randrange(size), draw.choice(edges)
    sector = place // SECTOR * SECTOR
    ways: dict[str, Callable[[bytes], bytes]] = {
        FLIP: lambda held: _flipped(held, place, bit),
        EDGE_FLIP: lambda held: _flipped(held, edge, bit),
        CUT: lambda held: held[:place],
        EDGE_CUT: lambda held: held[:edge],
        LOST: lambda held: held[:sector] + bytes(len(held[sector : sector + SECTOR])) + held[sector + SECTOR :],
    }
    return ways[what]


def _flipped(held: bytes, place: int, bit: int) -> bytes:
    spoiled = bytearray(held)
    spoiled[place] ^= bit
    return bytes(spoiled)
