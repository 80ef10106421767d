"""Argon2id, off the event loop, and the rules a new password must meet."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lager.problems import BadFields

SHORTEST = 10
LONGEST = 200

# RFC 9106 names 64 MiB as the smaller choice; OWASP accepts 19 MiB. 32 MiB with three passes keeps two at once
# well inside the app's 150 MB and takes about 60 ms.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_AT_ONCE = 2

_COMMON = (
    "passwort", "password", "kennwort", "qwertz", "qwerty", "12345", "98765", "abcdef", "hallo", "willkommen",
    "geheim", "lagerapp", "sommer", "winter", "schalke", "bayern", "ichliebedich", "letmein", "iloveyou",
)  # fmt: skip


class Passwords:
    """Hashing takes CPU and memory, so only a few run at once; the others wait their turn."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        self._hasher = hasher
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._decoy = hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Takes as long for an unknown account (``stored`` is None) as for a known one."""
        async with self._turns:
            same = await asyncio.to_thread(self._verify, stored or self._decoy, password)
        return same and stored is not None

    def is_outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def check_strength(password: str, *, login: str = "", field: str = "password") -> None:
    """Raises BadFields when the password is too short, too long or among the first that attackers try."""
    problem = _weakness(password, login)
    if problem:
        raise BadFields({field: problem})


def _weakness(password: str, login: str) -> str | None:
    if len(password) < SHORTEST:
        return f"Mindestens {SHORTEST} Zeichen; hier sind es {len(password)}. Ein kurzer Satz ist leicht zu merken."
    if len(password) > LONGEST:
        return f"Höchstens {LONGEST} Zeichen; hier sind es {len(password)}."
    lowered = password.casefold()
    for part in filter(None, (login.casefold(), *_COMMON)):
        lowered = lowered.replace(part, "")
    if len(set(lowered)) < 5 or len(lowered) < SHORTEST // 2:
        return "Dieses Passwort ist zu leicht zu erraten. Vier zufällige Wörter sind ein gutes Passwort."
    return None
