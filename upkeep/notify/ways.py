"""/etc/upkeep/notify.json: who is told, and how. It holds passwords, so it is root's alone."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from upkeep.errors import PolicyInvalid
from upkeep.policy.fields import Fields

ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
SERVER = re.compile(r"[A-Za-z0-9.:-]+")


class Security(StrEnum):
    """How the way to the mail server is encrypted. `none` is for one that takes mail from its own network."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True)
class Mail:
    """`ca`: certificates in PEM that are believed beside the system's."""

    server: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)


@dataclass(frozen=True)
class Webhook:
    """`url` may hold a key, so only its host is ever shown."""

    url: str = field(repr=False)
    token: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Ways:
    """`host`: how this host is called in what is told."""

    host: str
    mail: Mail | None = None
    webhook: Webhook | None = None


def read(path: Path) -> Ways:
    """Without the file nobody is told. Raises PolicyInvalid, which never quotes a secret."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raw = {}
    except (OSError, ValueError) as exc:
        step = "`ansible-playbook playbooks/site.yml` ausführen."
        raise PolicyInvalid(f"{path} ist nicht lesbar", observed=type(exc).__name__, next_step=step) from exc
    return parse(raw, str(path))


def parse(raw: object, where: str) -> Ways:
    fields = Fields(raw, where)
    ways = Ways(
        host=fields.text("host", socket.gethostname()),
        mail=_mail(fields.section("mail")) if fields.has("mail") else None,
        webhook=_webhook(fields.section("webhook")) if fields.has("webhook") else None,
    )
    for name in ("mail", "webhook"):
        fields.take(name, None)
    return fields.finish(ways)


def _mail(fields: Fields) -> Mail:
    security = Security(fields.choice("security", tuple(Security), "starttls"))
    mail = Mail(
        server=fields.text("server"),
        port=fields.integer("port", 1, 65535, PORTS[security]),
        security=security,
        sender=_address(fields, "sender", fields.text("sender")),
        recipients=tuple(_address(fields, "recipients", item) for item in fields.texts("recipients")),
        username=fields.text("username", ""),
        password=fields.text("password", ""),
        ca=fields.text("ca", ""),
    )
    if not SERVER.fullmatch(mail.server):
        raise fields.wrong("server", mail.server, "Name oder Adresse des Mailservers")
    if not mail.recipients:
        raise fields.wrong("recipients", [], "mindestens eine Adresse")
    if bool(mail.username) != bool(mail.password):
        raise fields.wrong("username", mail.username, "username und password, oder keines von beiden")
    if mail.username and security is Security.NONE:
        raise fields.wrong("security", "none", "starttls oder tls, denn ein Passwort geht nie unverschlüsselt")
    return fields.finish(mail)


def _address(fields: Fields, key: str, text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise fields.wrong(key, text, "E-Mail-Adresse, zum Beispiel alarm@example.de")
    return text


def _webhook(fields: Fields) -> Webhook:
    webhook = Webhook(fields.text("url"), fields.text("token", ""), fields.text("ca", ""))
    try:
        parts = urlsplit(webhook.url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(char.isspace() for char in webhook.url):
        raise fields.wrong("url", "(wird nicht gezeigt)", "https://…, oder http://… im eigenen Netz")
    return fields.finish(webhook)


def is_near(address: str) -> bool:
    """Whether an IP address belongs to a network of one's own, where nobody else reads along."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_private or found.is_loopback or found.is_link_local
