"""The certificate store of a simulated host; the certificates themselves are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from testbed.windows.modules.registry import Answer, ModuleFailed, keep, models

if TYPE_CHECKING:
    from testbed.windows.host import Host


@models("ansible.windows.win_certificate_store")
def win_certificate_store(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if p["state"] != "present" or p["file_type"] != "pkcs12":
        raise ModuleFailed("nur das Einlesen von pkcs12 ist nachgebildet")
    password = (p["password"] or "").encode()
    try:
        key, certificate, _ = load_key_and_certificates(host.disk.place(p["path"]).read_bytes(), password)
    except ValueError as error:
        raise ModuleFailed(f"Failed to load certificate from '{p['path']}': {error}") from error
    if certificate is None:
        raise ModuleFailed(f"'{p['path']}' holds no certificate")
    thumbprint = certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - what Windows calls its certificates by
    answer = keep(host.state["certificates"], thumbprint, {"store": p["store_name"], "has_key": key is not None})
    return answer | {"thumbprints": [thumbprint]}
