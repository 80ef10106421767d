"""Prometheus' port: there for who is inside, unknown outside."""

from __future__ import annotations

import pytest
import requests

from tests.e2e.site import Site

PORT = 9464
ADDRESS = "{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}"


def test_metrics_are_read_on_the_host_and_nowhere_else(site: Site) -> None:
    address = site.run("docker", "inspect", "-f", ADDRESS, site.slot()).split()[0]
    inside = site.run("curl", "-sS", "-m", "5", f"http://{address}:{PORT}/metrics")
    assert 'lager_request_seconds_count{method="GET",route="/api/health",status="2xx"}' in inside
    for path in ("/metrics", "//metrics", "/%6detrics", "/api/../metrics"):
        assert "lager_request_seconds" not in requests.get(f"{site.url}{path}", timeout=10).text
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{site.url}:{PORT}/metrics", timeout=3)
