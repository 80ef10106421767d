"""Certificates that cannot serve a site, bindings and ports that somebody else has."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

FILE = Path(__file__).resolve().parents[3] / "roles/win_node_app/filter_plugins/windows_certificate.py"
spec = importlib.util.spec_from_file_location("windows_certificate", FILE)
assert spec
assert spec.loader
filters: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(filters)
NAME, NOW = "etiketten.example.de", "2026-11-21T10:00:00"
TODAY = datetime(2026, 11, 21, 10, tzinfo=UTC)


def pfx(folder: Path, *, days: int = 365, names: tuple[str, ...] = (NAME,), with_key: bool = True) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(7).not_valid_before(TODAY - timedelta(days=900))
    built = built.not_valid_after(TODAY + timedelta(days=days))
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    certificate = built.sign(key, hashes.SHA256())
    held = (key if with_key else None, certificate, None)
    file = folder / "site.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"site", *held, BestAvailableEncryption(b"geheim")))
    return str(file)


@pytest.mark.parametrize(
    ("made", "password", "said"),
    [
        ({}, "geheim", ""),
        ({"names": ("*.example.de",)}, "geheim", ""),
        ({"names": ("*.de",)}, "geheim", "gilt für *.de, aufgerufen wird etiketten.example.de"),
        ({"names": ("alt.example.de",)}, "geheim", "gilt für alt.example.de, aufgerufen wird"),
        ({"names": ()}, "geheim", "gilt für keinen Namen"),
        ({"days": -1}, "geheim", "bis 20.11.2026, heute ist der 21.11.2026"),
        ({"with_key": False}, "geheim", "enthält keinen Schlüssel"),
        ({}, "falsch", "das Kennwort in „win_node_app__certificate_password“ passt nicht"),
    ],
)
def test_what_is_wrong_with_a_certificate(tmp_path: Path, made: dict[str, Any], password: str, said: str) -> None:
    problem = filters.certificate_problem(pfx(tmp_path, **made), password, NAME, NOW)
    assert (said in problem) if said else problem == ""


def test_a_file_that_is_not_there_or_is_something_else(tmp_path: Path) -> None:
    assert "gibt es auf dem Steuerrechner nicht" in filters.certificate_problem(str(tmp_path / "x"), "", NAME, NOW)
    (tmp_path / "x").write_text("-----BEGIN CERTIFICATE-----")
    assert "ist keine PFX-Datei" in filters.certificate_problem(str(tmp_path / "x"), "", NAME, NOW)


def test_one_that_ends_soon_is_named_before(tmp_path: Path) -> None:
    assert filters.certificate_warning(pfx(tmp_path, days=13), "geheim", NOW) == "endet am 04.12.2026"
    assert filters.certificate_warning(pfx(tmp_path, days=15), "geheim", NOW) == ""


def test_bindings_of_other_sites_and_ports_of_other_programs() -> None:
    wanted = [{"protocol": "http", "ip": "*", "port": 80, "hostname": NAME}]
    other = {"name": "Alt", "bindings": [{"protocol": "http", "ip": "*", "port": "80", "hostname": NAME.upper()}]}
    neighbour = {"name": "Neben", "bindings": [{"protocol": "http", "ip": "*", "port": 80, "hostname": "b.example.de"}]}
    assert filters.bindings_taken([other, neighbour], wanted, "etikettendruck") == [
        "http auf Port 80 hat schon die Site „Alt“"
    ]
    assert filters.bindings_taken([other], wanted, "Alt") == []
    listeners = [{"port": 80, "name": "System"}, {"port": 8099, "name": "java.exe"}, {"port": 22, "name": "sshd"}]
    assert filters.ports_taken(listeners, ["80", 8099]) == ["Port 8099 belegt java.exe"]
