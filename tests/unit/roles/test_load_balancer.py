"""Role load_balancer: who serves what, the firewall in the way, and what stands in haproxy.cfg."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "load_balancer"
_spec = importlib.util.spec_from_file_location("load_balancer_filters", ROLE / "filter_plugins" / "load_balancer.py")
assert _spec
assert _spec.loader
filters = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(filters)

GROUPS = {"docker_hosts": ["web1", "web2"], "windows": ["win1"]}
HOSTVARS = {"web1": {"ansible_host": "10.0.0.1"}, "web2": {}, "win1": {"ansible_host": "fd00::7"}}
WEB = {"name": "app", "group": "docker_hosts", "port": 80, "health_path": "/api/health"}
WINDOWS = {"name": "etiketten", "group": "windows", "port": 3000, "health_path": "/h", "host_names": ["Etiketten.test"]}


def rendered(*services: dict[str, Any], **changes: Any) -> str:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text()) | changes
    environment = jinja2.Environment(  # noqa: S701 - HAProxy, not HTML
        loader=jinja2.FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    found = filters.balanced(list(services), GROUPS, HOSTVARS, {}, {"web2": 8080})
    return environment.get_template("haproxy.cfg.j2").render(
        defaults,
        ansible_managed="Ansible",
        __load_balancer__services=found,
        __load_balancer__tls=bool(defaults["load_balancer__certificates"]),
        __load_balancer__certificate_folder="/etc/haproxy/certificates",
    )


def test_servers_come_from_the_group_with_their_address_and_port() -> None:
    text = rendered(WEB, WINDOWS)
    assert "    server web1 10.0.0.1:80\n    server web2 web2:8080\n" in text
    assert "    server win1 [fd00::7]:3000\n" in text
    assert "use_backend etiketten if { req.hdr(host),host_only,lower -m str etiketten.test }" in text
    assert "default_backend app" in text
    assert "uri /h ver HTTP/1.1 hdr Host Etiketten.test" in text


def test_the_runtime_socket_is_roots_alone() -> None:
    assert "stats socket /run/haproxy/admin.sock user root group root mode 600 level admin" in rendered(WEB)
    assert "stats uri" not in rendered(WEB)


def test_with_a_certificate_http_leads_to_https() -> None:
    assert "redirect" not in rendered(WEB)
    text = rendered(WEB, load_balancer__certificates={"a.test": "PEM", "b.test": "PEM"})
    assert "ssl crt /etc/haproxy/certificates/a.test.pem crt /etc/haproxy/certificates/b.test.pem alpn" in text
    assert "http-request redirect scheme https code 308" in text


def test_the_firewalls_ranges_and_protocols_are_understood() -> None:
    rules = """\
	chain published {
		meta l4proto tcp ct original proto-dst 80 accept
		meta l4proto udp ct original proto-dst 443 accept
		meta l4proto tcp ct original proto-dst 8000-8010 accept
	}
"""
    assert filters.unopened([80, 443, 8005, 9000], rules) == [443, 9000]
    assert filters.unopened([80], "") == []


def test_who_serves_is_said_in_german() -> None:
    servers = [
        {"backend": "app", "name": "web1", "drained": False, "status": "UP", "check": ""},
        {"backend": "app", "name": "web2", "drained": True, "status": "DRAIN", "check": ""},
        {"backend": "app", "name": "web3", "drained": False, "status": "DOWN", "check": "L4CON"},
    ]
    assert filters.served(servers) == ["app/web1: bedient", "app/web2: abgehängt", "app/web3: bedient nicht (L4CON)"]
