"""Versions and ranges of them: `>=1.4 <2`. Order of semver.org; pre-releases count only where a range names one."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass

from upkeep.errors import BadRequest

Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]
_VERSION = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_BOUND = re.compile(r"(>=|<=|!=|>|<|=)\s*([^\s,<>=!]+)")
_TESTS = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
EXAMPLE = "zum Beispiel „>=1.4 <2“ (möglich: >= > <= < = !=)"


def key(version: str | None) -> Key | None:
    """What versions are ordered by: numbers, then a pre-release before its release. None: not a version."""
    match = _VERSION.fullmatch(version or "")
    if not match or len(match[1]) > 128:
        return None
    numbers = tuple(int(part) for part in match[1].split("."))
    numbers += (0,) * (4 - len(numbers))
    parts = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in (match[2] or "").split(".") if part
    )
    return numbers, 0 if parts else 1, parts


def older(candidate: str | None, current: str | None) -> bool:
    """Whether `candidate` is certainly an older version. Versions nobody can order are never older."""
    left, right = key(candidate), key(current)
    return left is not None and right is not None and left < right


def contradicts(tag: str, label: str | None) -> bool:
    """Whether an image's version label belies its tag: tag 1.4 is fine for 1.4.7, tag 1.5.0 is not. A name such as
    `stable` promises nothing."""
    promised, told = _VERSION.fullmatch(tag), _VERSION.fullmatch(label or "")
    if not promised or not told:
        return False
    wanted = [int(part) for part in promised[1].split(".")]
    found = [int(part) for part in told[1].split(".")]
    return found[: len(wanted)] != wanted[: len(found)]


@dataclass(frozen=True)
class Range:
    """Bounds that all hold. `text` as the operator wrote it."""

    text: str
    bounds: tuple[tuple[str, Key], ...]

    def allows(self, version: str) -> bool:
        found = key(version)
        if found is None or not all(_TESTS[sign](found, bound) for sign, bound in self.bounds):
            return False
        return bool(found[1]) or any(not bound[1] and bound[0] == found[0] for _, bound in self.bounds)

    def newest(self, tags: Iterable[str]) -> str | None:
        """The tag of the highest version allowed; of two names for it the longer one (1.4.0, not 1.4)."""
        allowed = [(key(tag) or ((), 0, ()), len(tag), tag) for tag in tags if self.allows(tag)]
        return max(allowed)[2] if allowed else None

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Range:
    """Raises BadRequest for what is no range."""
    bounds = [(sign, key(version)) for sign, version in _BOUND.findall(text)]
    rest = _BOUND.sub("", text).replace(",", " ").strip()
    known = tuple((sign, bound) for sign, bound in bounds if bound is not None)
    if rest or not bounds or len(known) != len(bounds):
        raise BadRequest(f"„{text}“ ist kein Versionsbereich", limit=EXAMPLE)
    return Range(text, known)
