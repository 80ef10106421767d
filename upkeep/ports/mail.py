"""One e-mail by SMTP. Certificates are checked; a password never goes over an open line."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from upkeep.errors import NotifyFailed
from upkeep.notify.notice import Notice
from upkeep.notify.ways import Mail, Security
from upkeep.ports.clock import moment

PATIENCE = 10.0  # seconds for one answer of the server


def send(mail: Mail, host: str, notice: Notice) -> None:
    """To all recipients, or NotifyFailed."""
    try:
        with _connected(mail) as server:
            if mail.username:
                server.login(mail.username, mail.password)
            refused = server.send_message(_message(mail, host, notice), mail.sender, list(mail.recipients))
    except (OSError, smtplib.SMTPException, ValueError) as exc:
        raise _failure(mail, exc) from exc
    if refused:
        raise NotifyFailed(f"{mail.server} nimmt keine Post an für {', '.join(sorted(refused))}")


def trust(ca: str) -> ssl.SSLContext:
    """What the system believes, and these certificates. Raises ValueError for what is none."""
    context = ssl.create_default_context()
    if ca:
        try:
            context.load_verify_locations(cadata=ca)
        except ssl.SSLError as exc:
            raise ValueError("ca ist kein Zertifikat (PEM)") from exc
    return context


def _connected(mail: Mail) -> smtplib.SMTP:
    if mail.security is Security.TLS:
        return smtplib.SMTP_SSL(mail.server, mail.port, timeout=PATIENCE, context=trust(mail.ca))
    server = smtplib.SMTP(mail.server, mail.port, timeout=PATIENCE)
    try:
        if mail.security is Security.STARTTLS:
            server.starttls(context=trust(mail.ca))
    except BaseException:
        with contextlib.suppress(OSError):
            server.close()
        raise
    return server


def _message(mail: Mail, host: str, notice: Notice) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = notice.subject(host)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Date"] = format_datetime(moment(notice.at).astimezone())
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers (RFC 3834)
    message.set_content(notice.body(host))
    return message


def _failure(mail: Mail, exc: Exception) -> NotifyFailed:
    where = f"{mail.server}:{mail.port}"
    if isinstance(exc, smtplib.SMTPAuthenticationError):
        return NotifyFailed(f"{where} lehnt die Anmeldung als „{mail.username}“ ab", observed=exc.smtp_code)
    if isinstance(exc, smtplib.SMTPNotSupportedError):
        return NotifyFailed(f"{where} bietet nicht, was verlangt ist (STARTTLS oder Anmeldung)")
    if isinstance(exc, smtplib.SMTPRecipientsRefused):
        return NotifyFailed(f"{where} nimmt keine Post an für {', '.join(sorted(exc.recipients))}")
    if isinstance(exc, smtplib.SMTPResponseException):
        said = exc.smtp_error.decode("utf-8", "replace") if isinstance(exc.smtp_error, bytes) else exc.smtp_error
        return NotifyFailed(f"{where} lehnt die Nachricht ab", observed=f"{exc.smtp_code} {said}"[:200])
    return NotifyFailed(f"{where} ist nicht erreichbar", observed=reason(exc))


def reason(exc: BaseException) -> str:
    """Why a connection did not work, in few words."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"sein Zertifikat gilt hier nicht: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):
        return "die Verschlüsselung kam nicht zustande"
    if isinstance(exc, TimeoutError):
        return f"keine Antwort in {PATIENCE:g} s"
    if isinstance(exc, ConnectionRefusedError):
        return "Verbindung abgelehnt"
    return getattr(exc, "strerror", None) or (str(exc) if isinstance(exc, ValueError) else type(exc).__name__)
