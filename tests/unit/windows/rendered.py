"""web.config and its like, as role win_node_app renders them."""

from __future__ import annotations

from pathlib import Path

import jinja2
import yaml

TEMPLATES = Path(__file__).resolve().parents[3] / "roles" / "win_node_app" / "templates"
TEN_MB = 10 * 1024 * 1024
FLAG = r"C:\inetpub\etikettendruck\shared\not-ready.flag"
KNOWN = yaml.safe_load((TEMPLATES.parent / "vars" / "main.yml").read_text()) | {
    "ansible_managed": "Ansible",
    "__win_node_app__node": r"C:\Program Files\nodejs\node.exe",
    "__win_node_app__environment_file": r"C:\inetpub\etikettendruck\shared\.env.production",
    "__win_node_app__shared": r"C:\inetpub\etikettendruck\shared",
}


def rendered(name: str, **values: object) -> str:
    known = KNOWN | {
        "__win_node_app__redirects": True,
        "__win_node_app__tls": True,
        "__win_node_app__flag": FLAG,
        "__win_node_app__health_pattern": r"api/health",
        "win_node_app__healthflag": False,
        "win_node_app__mode": "platform",
        "win_node_app__service_port": 8090,
        "win_node_app__probe_port": 8099,
        "win_node_app__largest_body": TEN_MB,
    }
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)  # noqa: S701
    return environment.get_template(name).render(known | values)
