"""Which tickets are good, and what is said of those that are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from upkeep.errors import NotAdmitted, PolicyInvalid
from upkeep.tickets import ticket
from upkeep.tickets.actions import Action

NEW, OLD, FOREIGN = "n" * 64, "o" * 64, "f" * 64
NOW = 1_800_000_000
CLAIMS: dict[str, Any] = {
    "v": 1,
    "aud": "upkeep-door",
    "stack": "lager",
    "action": "start-update",
    "nonce": "0123456789abcdef",
    "iat": NOW,
    "exp": NOW + 60,
    "sub": "anna@betrieb.de",
}


def made(key: str = NEW, **changes: Any) -> str:
    return ticket.sign({name: value for name, value in (CLAIMS | changes).items() if value is not None}, key)


def read(text: str, now: float = NOW, keys: tuple[str, ...] = (NEW, OLD)) -> ticket.Ticket:
    return ticket.read(text, keys, "lager", Action.START_UPDATE, now)


def refused(text: str, **how: Any) -> NotAdmitted:
    with pytest.raises(NotAdmitted) as caught:
        read(text, **how)
    return caught.value


def test_the_format_is_the_documented_one() -> None:
    body = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
    signature = hmac.new(NEW.encode(), body.encode(), hashlib.sha256).digest()
    text = f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert text == made()
    good = read(text)
    assert (good.stack, good.action, good.nonce, good.issued) == ("lager", "start-update", CLAIMS["nonce"], NOW)
    assert good.starter == "door:anna@betrieb.de"


@pytest.mark.parametrize("now", [NOW - 5, NOW, NOW + 60, NOW + 64.9])
def test_clocks_may_differ_by_five_seconds(now: float) -> None:
    assert read(made(), now=now)


def test_too_early_and_too_late() -> None:
    assert refused(made(), now=NOW - 5.1).code == "ticket_early"
    assert refused(made(), now=NOW + 65).code == "ticket_expired"


def test_the_key_before_counts_as_long_as_it_is_there() -> None:
    assert read(made(OLD))
    assert refused(made(OLD), keys=(NEW,)).code == "ticket_invalid"
    assert refused(made(FOREIGN)).code == "ticket_invalid"


@pytest.mark.parametrize("change", [{"aud": "somebody"}, {"stack": "portal"}, {"action": "check-update"}])
def test_a_good_one_for_something_else(change: dict[str, Any]) -> None:
    error = refused(made(**change))
    assert error.code == "ticket_other"
    assert f"gefunden: {', '.join(str((CLAIMS | change)[name]) for name in ('aud', 'stack', 'action'))}" in str(error)


@pytest.mark.parametrize(
    "change",
    [
        {"exp": NOW + 61},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"v": 2},
        {"v": True},
        {"v": None},
        {"aud": ["upkeep-door"]},
        {"stack": None},
        {"nonce": "short"},
        {"nonce": "x" * 65},
        {"nonce": "../../etc/passwd"},
        {"nonce": 5},
        {"iat": float(NOW)},
        {"iat": str(NOW)},
        {"exp": None},
        {"sub": {"$ne": ""}},
        {"admin": True},
    ],
    ids=str,
)
def test_signed_but_not_a_ticket(change: dict[str, Any]) -> None:
    assert refused(made(**change)).code == "ticket_invalid"


def tampered(**changes: Any) -> str:
    body = ticket._encode(json.dumps(CLAIMS | changes).encode())
    return f"{body}.{made().split('.')[1]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.b",
        made().replace(".", ""),
        made() + ".",
        made() + "=",
        made() + "\n",
        " " + made(),
        made()[:-1] + ("A" if made()[-1] != "A" else "B"),  # another spelling of the same or other bytes
        made().split(".")[0] + ".",
        made().split(".")[1] + "." + made().split(".")[0],
        tampered(action="check-update"),
        tampered(exp=NOW + 600),
        "ä" * 40 + ".x",
        "\ud800.\ud800",
        made(sub="x" * 900),
        made().replace("-", "+").replace("_", "/") + "==",
    ],
)
def test_not_signed_by_us(text: str) -> None:
    assert refused(text).code == "ticket_invalid"


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b"\xff", b"[" * 600, b'"text"', b"1"])
def test_signed_rubbish(content: bytes) -> None:
    body = ticket._encode(content)
    assert refused(f"{body}.{ticket._encode(ticket._mac(body, NEW))}").code == "ticket_invalid"


@pytest.mark.parametrize(
    ("sub", "starter"),
    [
        ("", "door:unbekannt"),
        (None, "door:unbekannt"),
        ("Jörg Müller", "door:Jörg Müller"),
        ("a\x1b[31m\nroot\r<b>", "door:a31mrootb"),
        ("\u202eevil", "door:evil"),
        ("x" * 200, "door:" + "x" * 60),
    ],
)
def test_who_it_was_is_fit_for_a_log(sub: str | None, starter: str) -> None:
    assert read(made(sub=sub)).starter == starter


def test_keys_are_one_or_two_lines() -> None:
    assert ticket.keys(f"\n {NEW} \n\n{OLD}\n", "ticket-key") == (NEW, OLD)


@pytest.mark.parametrize("text", ["", "\n", "short", f"{NEW}\n{OLD}\n{FOREIGN}", "ü" * 40, "a b" * 20, "x" * 201])
def test_wrong_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        ticket.keys(text, "ticket-key")
    assert "ticket-key ist ungültig" in str(caught.value)
    assert not text.strip() or text.strip() not in str(caught.value)
