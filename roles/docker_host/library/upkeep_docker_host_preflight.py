#!/usr/bin/python
# ruff: noqa: E402 - the documentation comes before the imports
"""Looks at a host and refuses it, with all reasons at once, if it cannot become a Docker host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_docker_host_preflight
short_description: Check whether a host can be a Docker host, and report what is there
description:
  - Observes system, init, architecture, memory, disk, packages, units, Docker, Compose and daemon.json in one go.
  - Fails with every reason (what, observed, limit, next step) if the host does not do. Changes nothing.
options:
  supported:
    description: Releases by system, for example C({debian: ['12', '13']}).
    type: dict
    required: true
  architectures:
    description: Accepted machine names.
    type: list
    elements: str
    required: true
  minimum_free_mb:
    description: Free space in MB that O(data_root) needs.
    type: int
    required: true
  minimum_memory_mb:
    description: Memory in MB the host needs.
    type: int
    required: true
  compose_minimum:
    description: Oldest accepted version of Docker Compose.
    type: str
    required: true
  docker_source:
    description: Where Docker comes from.
    type: str
    choices: [docker, debian, preinstalled]
    required: true
  docker_required:
    description: Whether Docker and Compose have to answer already.
    type: bool
    default: false
  daemon:
    description: The wanted daemon.json. A foreign file with other keys is refused.
    type: dict
    required: true
  data_root:
    description: Where Docker keeps its data.
    type: path
    default: /var/lib/docker
  firewall:
    description: Whether Upkeep loads firewall rules. Then other firewall services must not be enabled.
    type: bool
    default: true
  root_login:
    description: The wanted PermitRootLogin. With V(no), a session as root is refused.
    type: str
    required: true
  packages:
    description: Packages of which those installed are reported.
    type: list
    elements: str
    default: []
  units:
    description: Units whose state is reported.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
  idempotent:
    support: full
    description: Never changes anything.
author: Upkeep
"""

EXAMPLES = r"""
- name: Look at the host
  upkeep_docker_host_preflight:
    supported: {debian: ['12', '13']}
    architectures: [x86_64]
    minimum_free_mb: 4096
    minimum_memory_mb: 1024
    compose_minimum: '2.20'
    docker_source: docker
    root_login: 'no'
    daemon: {live-restore: true}
"""

RETURN = r"""
compose_ok:
  description: Whether Docker Compose is there and new enough.
  type: bool
  returned: success
host:
  description: What was found (system, release, packages, units, docker, compose, mirror, timezone and more).
  type: dict
  returned: always
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_docker_host import TIME_DAEMONS, observe
from ansible.module_utils.upkeep_docker_host_limits import Limits, judge, version

NUMBER = {"type": "int", "required": True}
WORD = {"type": "str", "required": True}
ARGUMENTS = {
    "supported": {"type": "dict", "required": True},
    "architectures": {"type": "list", "elements": "str", "required": True},
    "minimum_free_mb": NUMBER,
    "minimum_memory_mb": NUMBER,
    "compose_minimum": WORD,
    "docker_source": {**WORD, "choices": ["docker", "debian", "preinstalled"]},
    "docker_required": {"type": "bool", "default": False},
    "daemon": {"type": "dict", "required": True},
    "data_root": {"type": "path", "default": "/var/lib/docker"},
    "firewall": {"type": "bool", "default": True},
    "root_login": WORD,
    "packages": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    packages, units = module.params.pop("packages"), module.params.pop("units")
    limits = Limits(**module.params)
    host = observe(packages, units, limits.data_root)
    findings = judge(host, limits)
    if findings:
        reasons = "\n".join(f"- {finding}" for finding in findings)
        module.fail_json(msg=f"Dieser Host kann so kein Docker-Host werden; nichts geändert.\n{reasons}")
    compose_ok = version(host.compose) >= version(limits.compose_minimum)
    time_daemon = next((name for name in TIME_DAEMONS if name in host.packages), "")
    module.exit_json(changed=False, host={**asdict(host), "time_daemon": time_daemon}, compose_ok=compose_ok)


if __name__ == "__main__":
    main()
