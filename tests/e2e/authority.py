"""A certificate authority of a business of its own, and a certificate from it for one of its servers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Issued:
    """All as PEM. `authority`: what those who call the server trust."""

    authority: str
    certificate: str
    key: str


def issue(host: str) -> Issued:
    """For this host name, valid for a week."""
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    business, server = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("Betrieb", host))
    authority = (
        _begun(business, business, root)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root, hashes.SHA256())
    )
    certificate = (
        _begun(server, business, own)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(root, hashes.SHA256())
    )
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Issued(_pem(authority), _pem(certificate), key.decode())


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=7))
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
