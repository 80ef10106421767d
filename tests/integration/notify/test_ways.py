"""Notices by real SMTP and real HTTP: what arrives, and what is said when nothing does."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.integration.notify.conftest import PASSWORD, USER, Certificate, Hook, MailServer
from upkeep.notify.notice import Delivery, Kind, Notice
from upkeep.ports.notify import Messenger

NOTICE = Notice(
    Kind.ALARM, "backup_failed", "Sicherung gescheitert", "Ziel nicht erreichbar.", "2026-11-21T03:00:00Z", "lager"
)


def mail(server: MailServer, **changes: Any) -> dict[str, Any]:
    place = {"server": "127.0.0.1", "port": server.port, "sender": "upkeep@example.de"}
    return place | {"recipients": ["anna@example.de", "bernd@example.de"]} | changes


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "notify.json"


def send(settings: Path, deadline: float = 20.0, **ways: Any) -> tuple[Delivery, ...]:
    settings.write_text(json.dumps({"host": "web1"} | ways))
    return Messenger(settings, deadline).send(NOTICE)


def problem(told: tuple[Delivery, ...]) -> str:
    (delivery,) = told
    assert delivery.problem
    assert PASSWORD not in str(delivery)
    return delivery.problem


def test_a_mail_arrives_encrypted_and_after_a_log_in(
    starttls: MailServer, certificate: Certificate, settings: Path
) -> None:
    told = send(settings, mail=mail(starttls, username=USER, password=PASSWORD, ca=certificate.text))
    assert told == (Delivery("E-Mail an anna@example.de, bernd@example.de"),)
    (letter,) = starttls.box.messages
    assert starttls.box.encrypted == [True]
    assert letter["Subject"] == "[Upkeep web1] ALARM lager: Sicherung gescheitert"
    assert (letter["From"], letter["To"]) == ("upkeep@example.de", "anna@example.de, bernd@example.de")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Ziel nicht erreichbar." in letter.get_content()
    assert "Kennung:   backup_failed" in letter.get_content()


def test_tls_from_the_first_byte(tls: MailServer, certificate: Certificate, settings: Path) -> None:
    assert send(settings, mail=mail(tls, security="tls", ca=certificate.text))[0].problem is None
    assert len(tls.box.messages) == 1


def test_a_server_of_ones_own_network_takes_mail_as_it_is(plain: MailServer, settings: Path) -> None:
    assert send(settings, mail=mail(plain, security="none"))[0].problem is None
    assert plain.box.encrypted == [False]


def test_a_certificate_nobody_vouches_for_is_not_believed(starttls: MailServer, settings: Path) -> None:
    assert "sein Zertifikat gilt hier nicht" in problem(send(settings, mail=mail(starttls)))
    assert starttls.box.messages == []


def test_a_wrong_password_is_told_without_it(starttls: MailServer, certificate: Certificate, settings: Path) -> None:
    wrong = mail(starttls, username=USER, password=f"{PASSWORD}!", ca=certificate.text)
    assert "lehnt die Anmeldung als „upkeep“ ab (gefunden: 535)" in problem(send(settings, mail=wrong))


def test_a_server_without_encryption_gets_no_password(plain: MailServer, settings: Path) -> None:
    told = send(settings, mail=mail(plain, username=USER, password=PASSWORD))
    assert "bietet nicht, was verlangt ist" in problem(told)
    told = send(settings, mail=mail(plain, username=USER, password=PASSWORD, security="none"))
    assert "geht nie unverschlüsselt" in problem(told)


def test_one_recipient_that_does_not_exist_is_named_and_the_others_get_it(plain: MailServer, settings: Path) -> None:
    recipients = ["anna@example.de", "niemand@example.de"]
    told = send(settings, mail=mail(plain, security="none", recipients=recipients))
    assert problem(told).endswith("nimmt keine Post an für niemand@example.de.")
    assert len(plain.box.messages) == 1


def test_a_webhook_gets_the_notice_as_json(hook: Hook, settings: Path) -> None:
    url = f"http://127.0.0.1:{hook.port}/haken?schluessel=geheim"
    told = send(settings, webhook={"url": url, "token": PASSWORD})
    assert told == (Delivery("Webhook an 127.0.0.1"),)
    (document,) = hook.documents
    assert {"kind": "alarm", "code": "backup_failed", "stack": "lager", "host": "web1"}.items() <= document.items()
    assert document["message"] == "Ziel nicht erreichbar."
    assert document["text"].startswith("[Upkeep web1] ALARM lager: Sicherung gescheitert\n")
    assert hook.headers[0]["Authorization"] == f"Bearer {PASSWORD}"


def test_https_wants_a_certificate_that_is_believed(safe_hook: Hook, certificate: Certificate, settings: Path) -> None:
    url = f"https://localhost:{safe_hook.port}/"
    assert "sein Zertifikat gilt hier nicht" in problem(send(settings, webhook={"url": url}))
    assert send(settings, webhook={"url": url, "ca": certificate.text})[0].problem is None


def test_nothing_goes_unencrypted_beyond_ones_own_network(settings: Path) -> None:
    assert "liegt nicht im eigenen Netz" in problem(send(settings, webhook={"url": "http://8.8.8.8/geheim"}))


@pytest.mark.parametrize(("status", "said"), [(500, "HTTP 500"), (404, "HTTP 404"), (302, "Umleitungen folgt")])
def test_an_answer_that_is_no_yes_is_told(hook: Hook, settings: Path, status: int, said: str) -> None:
    hook.status = status
    assert said in problem(send(settings, webhook={"url": f"http://127.0.0.1:{hook.port}/"}))
    assert len(hook.documents) == 1


def test_a_server_that_never_answers_costs_no_more_than_the_deadline(hook: Hook, settings: Path) -> None:
    hook.silent = True
    told = send(settings, 0.5, webhook={"url": f"http://127.0.0.1:{hook.port}/"})
    assert problem(told) == "keine Antwort in 0.5 s"


def test_one_way_that_fails_keeps_nobody_else_from_hearing_it(hook: Hook, settings: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        nobody = MailServer(closed.getsockname()[1], box=None)  # type: ignore[arg-type]
        told = send(settings, mail=mail(nobody), webhook={"url": f"http://127.0.0.1:{hook.port}/"})
    assert "Verbindung abgelehnt" in str(told[0].problem)
    assert told[1].problem is None


def test_without_settings_nobody_is_told_and_with_bad_ones_that_is_said(settings: Path) -> None:
    assert Messenger(settings).send(NOTICE) == ()
    settings.write_text("{")
    assert "ist nicht lesbar" in problem(Messenger(settings).send(NOTICE))
    assert "recipients" in problem(send(settings, mail={"server": "x", "sender": "a@b", "recipients": []}))
