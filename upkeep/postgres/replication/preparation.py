"""What a standby needs on its primary before it can copy it: an account that may replicate, and a slot of its own.

The password never travels: the server gets the verifier that it would have made of it (RFC 5802, RFC 7677).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode, b64encode

from upkeep.ports.postgres import PostgresPrograms

ROUNDS = 4096
_KNOWN = "SELECT rolpassword FROM pg_authid WHERE rolname = :'name' AND rolreplication AND rolcanlogin;"
_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = :'name';"
_SLOTS = "SELECT 1 FROM pg_replication_slots WHERE slot_name = :'slot' AND wal_status <> 'lost';"
_NEW_SLOT = """SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
WHERE slot_name = :'slot' AND NOT active;
SELECT pg_create_physical_replication_slot(:'slot', true);"""


def missing(programs: PostgresPrograms, account: str, password: str, slot: str) -> list[str]:
    """What `prepare` would do, as German sentences."""
    told = [] if _enters(programs, account, password) else [f"Konto „{account}“ für die Replikation"]
    return told if _has_slot(programs, slot) else [*told, f"Platzhalter „{slot}“ für die Replik"]


def prepare(programs: PostgresPrograms, account: str, password: str, slot: str) -> list[str]:
    """What it did. A slot whose WAL the primary has given up is replaced."""
    done = missing(programs, account, password, slot)
    if not _enters(programs, account, password):
        verb = "ALTER" if programs.query(_EXISTS, values={"name": account}) else "CREATE"
        statement = f"""{verb} ROLE :"name" LOGIN REPLICATION PASSWORD '{verifier(password, os.urandom(16))}';"""
        programs.query(statement, values={"name": account})
    if not _has_slot(programs, slot):
        programs.query(_NEW_SLOT, values={"slot": slot})
    return done


def verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password. Ours are ASCII, so SASLprep changes nothing."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${ROUNDS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _enters(programs: PostgresPrograms, account: str, password: str) -> bool:
    """Whether the account is there and this is its password."""
    rows = programs.query(_KNOWN, values={"name": account})
    if not rows or not rows[0][0].startswith(f"SCRAM-SHA-256${ROUNDS}:"):
        return False
    salt = b64decode(rows[0][0].split(":")[1].split("$")[0])
    return hmac.compare_digest(rows[0][0], verifier(password, salt))


def _has_slot(programs: PostgresPrograms, slot: str) -> bool:
    return bool(programs.query(_SLOTS, values={"slot": slot}))


def _keyed(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _text(value: bytes) -> str:
    return b64encode(value).decode()
