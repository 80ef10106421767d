"""One JSON document by POST: over HTTPS, or plainly inside a network of one's own. No redirects, no proxies."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from urllib.parse import urlsplit

from upkeep.errors import NotifyFailed
from upkeep.notify.notice import Notice
from upkeep.notify.ways import Webhook, is_near
from upkeep.ports.mail import PATIENCE, reason, trust

LIMIT = 2048  # bytes of an answer that are read


def send(webhook: Webhook, host: str, notice: Notice) -> None:
    """Raises NotifyFailed for anything but a 2xx."""
    body = json.dumps(notice.document(host), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "upkeep"}
    if webhook.token:
        headers["Authorization"] = f"Bearer {webhook.token}"
    parts = urlsplit(webhook.url)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        with contextlib.closing(_connection(webhook)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(LIMIT)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise NotifyFailed(f"{webhook.host} ist nicht erreichbar", observed=reason(exc)) from exc
    if not 200 <= answer.status < 300:
        moved = "Umleitungen folgt Upkeep nicht; die endgültige Adresse angeben." if answer.status // 100 == 3 else None
        raise NotifyFailed(
            f"{webhook.host} nimmt die Meldung nicht an", observed=f"HTTP {answer.status}", limit="2xx", next_step=moved
        )


def _connection(webhook: Webhook) -> http.client.HTTPConnection:
    parts = urlsplit(webhook.url)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(webhook.host, parts.port, timeout=PATIENCE, context=trust(webhook.ca))
    found = {str(item[4][0]) for item in socket.getaddrinfo(webhook.host, parts.port or 80, type=socket.SOCK_STREAM)}
    if not all(is_near(address) for address in found):
        raise NotifyFailed(
            f"An {webhook.host} geht nichts unverschlüsselt: es liegt nicht im eigenen Netz", limit="https://…"
        )
    # The address that was judged, not whatever the name means a moment later.
    return _At(sorted(found)[0], webhook.host, parts.port or 80)


class _At(http.client.HTTPConnection):
    def __init__(self, address: str, host: str, port: int) -> None:
        super().__init__(host, port, timeout=PATIENCE)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), PATIENCE)
