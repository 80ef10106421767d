"""Whether a certificate file can serve a site, and whether somebody else already has the site's bindings and ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

SOON = timedelta(days=14)
HTTP_SYS = {"system", ""}  # IIS listens through the kernel: process „System“


def certificate_problem(path: str, password: str, host_name: str, now: str) -> str:
    """German; empty when the PFX file has a key, is valid at `now` (ISO, UTC) and for `host_name`."""
    try:
        content = Path(path).read_bytes()
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode())
    except OSError as error:
        return f"gibt es auf dem Steuerrechner nicht, oder es ist nicht zu lesen ({error.strerror})"
    except ValueError:
        return "ist keine PFX-Datei, oder das Kennwort in „win_node_app__certificate_password“ passt nicht"
    if key is None or certificate is None:
        return "enthält keinen Schlüssel mit seinem Zertifikat; verlangt ist ein PFX mit beiden"
    return _unfit(certificate, host_name, _utc(now))


def _unfit(certificate: x509.Certificate, host_name: str, now: datetime) -> str:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not first <= now <= last:
        return f"gilt von {first:%d.%m.%Y} bis {last:%d.%m.%Y}, heute ist der {now:%d.%m.%Y}"
    names = _names(certificate)
    if not any(_covers(name, host_name) for name in names):
        return f"gilt für {', '.join(names) or 'keinen Namen'}, aufgerufen wird {host_name}"
    return ""


def certificate_warning(path: str, password: str, now: str) -> str:
    """German; empty unless it ends soon."""
    _, certificate, _ = pkcs12.load_key_and_certificates(Path(path).read_bytes(), password.encode())
    if certificate is None or certificate.not_valid_after_utc - _utc(now) > SOON:
        return ""
    return f"endet am {certificate.not_valid_after_utc:%d.%m.%Y}"


def _names(certificate: x509.Certificate) -> Sequence[str]:
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return named.value.get_values_for_type(x509.DNSName)


def _covers(pattern: str, name: str) -> bool:
    """A star stands for exactly one label."""
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def bindings_taken(sites: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]], own: str) -> list[str]:
    """German: which binding of ours another site of IIS already has."""
    ours = {_place(binding): binding for binding in wanted}
    return [
        f"{ours[_place(binding)]['protocol']} auf Port {binding['port']} hat schon die Site „{site['name']}“"
        for site in sites
        if site["name"] != own
        for binding in site.get("bindings") or ()
        if _place(binding) in ours
    ]


def _place(binding: Mapping[str, Any]) -> tuple[str, int, str]:
    return str(binding.get("ip") or "*"), int(binding["port"]), str(binding.get("hostname") or "").lower()


def ports_taken(listeners: Iterable[Mapping[str, Any]], ports: Iterable[int]) -> list[str]:
    """German: which of our ports a program other than IIS listens on."""
    wanted = {int(port) for port in ports}
    names = {int(one["port"]): str(one.get("name") or "") for one in listeners if int(one["port"]) in wanted}
    return [f"Port {port} belegt {name}" for port, name in sorted(names.items()) if name.lower() not in HTTP_SYS]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        functions = (certificate_problem, certificate_warning, bindings_taken, ports_taken)
        return {function.__name__: function for function in functions}
