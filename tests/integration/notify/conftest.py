"""A mail server that really speaks SMTP with TLS and log-in, and an HTTP server; both in this process."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "upkeep", "streng-geheim-4711"


@dataclass
class Certificate:
    """Its own authority, for localhost and 127.0.0.1."""

    folder: Path

    @property
    def text(self) -> str:
        return (self.folder / "cert.pem").read_text()

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testserver")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(built.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return Certificate(folder)


@dataclass
class Mailbox:
    """What a mail server received: a handler of aiosmtpd."""

    messages: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.messages.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default)))
        self.encrypted.append(session.ssl is not None)
        return "250 Message accepted"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("niemand@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@dataclass
class MailServer:
    port: int
    box: Mailbox


def _known(server: Any, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


def _serving(box: Mailbox, **options: Any) -> Iterator[MailServer]:
    controller = Controller(box, hostname="127.0.0.1", port=0, **options)
    controller.port = free_port()
    controller.start()
    yield MailServer(controller.port, box)
    controller.stop()


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def starttls(certificate: Certificate) -> Iterator[MailServer]:
    context = certificate.context()
    yield from _serving(Mailbox(), tls_context=context, require_starttls=True, auth_required=True, authenticator=_known)


@pytest.fixture
def tls(certificate: Certificate) -> Iterator[MailServer]:
    yield from _serving(Mailbox(), ssl_context=certificate.context())


@pytest.fixture
def plain() -> Iterator[MailServer]:
    yield from _serving(Mailbox())


@dataclass
class Hook:
    """A webhook's other end. `status`: what it answers; `silent` it never does until the test is over."""

    port: int = 0
    status: int = 204
    documents: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    silent: bool = False


def listening(hook: Hook, context: ssl.SSLContext | None, address: str = "127.0.0.1") -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.documents.append(json.loads(body))
            hook.headers.append(dict(self.headers))
            if hook.silent:
                hook.over.wait(30)
            self.send_response(hook.status)
            self.send_header("Location", "https://anderswo.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Not in the test's output."""

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    hook.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield hook
    hook.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    yield from listening(Hook(), None)


@pytest.fixture
def safe_hook(certificate: Certificate) -> Iterator[Hook]:
    yield from listening(Hook(), certificate.context())
