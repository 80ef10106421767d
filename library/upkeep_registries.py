#!/usr/bin/python
"""Ansible module: try credentials for registries before they are used."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_registries
short_description: Try credentials for registries before they are used
description:
  - Has the host's agent look up, with the credentials in C(/etc/upkeep/docker/next/config.json), every image that a
    stack of the host comes from. Fails when a registry refuses, and changes nothing either way.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
options:
  socket:
    description: The agent's socket.
    type: path
    default: /run/upkeep/agent.sock
"""

EXAMPLES = r"""
- name: The new log-in is good
  upkeep_registries:
    socket: /run/upkeep/agent.sock
"""

RETURN = r"""
tried:
  description: The images that were looked up.
  returned: success
  type: list
  elements: str
untried:
  description: Registries with credentials that no stack of this host loads from.
  returned: success
  type: list
  elements: str
message:
  description: The verdict in German; on failure also in C(msg).
  returned: always
  type: str
  sample: "Die neue Anmeldung gilt; nachgeschlagen: ghcr.io/firma/lager:stable."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import AGENT_SOCKET, AgentClient, AgentError
from ansible.module_utils.upkeep_run import fail


def main():
    arguments = {"socket": {"type": "path", "default": AGENT_SOCKET}}
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    try:
        found = AgentClient(module.params["socket"]).tried("registries")
    except AgentError as error:
        fail(module, str(error))
    module.exit_json(changed=False, message=told(**found), **found)


def told(tried: list, untried: list) -> str:
    """What nobody loads from cannot be tried, and is said."""
    good = f"Die neue Anmeldung gilt; nachgeschlagen: {', '.join(tried)}." if tried else ""
    aside = f"Nicht probiert, weil kein Stack von dort lädt: {', '.join(untried)}." if untried else ""
    return " ".join(part for part in (good, aside) if part) or "Es bleibt keine Anmeldung."


if __name__ == "__main__":
    main()
