#!/usr/bin/python
"""Ansible module: prove that a stack is healthy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_health
short_description: Prove that a stack is healthy
description:
  - Has the agent probe the stack now (application, gate, database) and fails when a probe does.
author:
  - Upkeep
extends_documentation_fragment: upkeep_agent
attributes:
  check_mode:
    support: full
    description: Reads only. In check mode an agent or a stack that is not there yet is no error (C(healthy) is null).
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
options:
  wait:
    description: Seconds the stack (and its agent, after a reboot) may take to become healthy.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: The stack is healthy
  upkeep_health:
    stack: lager
    wait: 30
"""

RETURN = r"""
healthy:
  description: Whether every probe passed; null in check mode when there is no agent or no stack yet.
  returned: when the agent could be asked
  type: bool
checks:
  description: The probes, each with name, ok, observed and limit.
  returned: when the agent could be asked
  type: list
  elements: dict
message:
  description: The verdict in German; on failure with every probe that failed, also in C(msg).
  returned: always
  type: str
  sample: "„lager“ ist gesund (5 Prüfungen)."
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import AgentClient, AgentError, AgentUnreachable, UnknownStack
from ansible.module_utils.upkeep_run import AGENT_ARGUMENTS, NO_AGENT_YET, NO_STACK_YET, fail, not_installed

ARGUMENTS = AGENT_ARGUMENTS | {"wait": {"type": "int", "default": 0}}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    stack = module.params["stack"]
    try:
        health = probe(AgentClient(module.params["socket"]), stack, 0 if module.check_mode else module.params["wait"])
    except AgentError as error:
        if module.check_mode and (not_installed(error) or isinstance(error, UnknownStack)):
            message = NO_STACK_YET if isinstance(error, UnknownStack) else NO_AGENT_YET
            module.exit_json(changed=False, healthy=None, checks=[], message=message)
        fail(module, str(error))
    if not health["healthy"]:
        fail(module, complaint(stack, health["checks"]), **health)
    module.exit_json(changed=False, message=f"„{stack}“ ist gesund ({len(health['checks'])} Prüfungen).", **health)


def probe(client: AgentClient, stack: str, seconds: int) -> dict:
    """Until it is healthy, at most for this many seconds. Returns healthy and checks as last seen."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = client.health(stack)
            if answer["healthy"] or time.monotonic() >= deadline:
                return {"healthy": answer["healthy"], "checks": answer["checks"]}
        except AgentUnreachable:
            if time.monotonic() >= deadline:
                raise
        time.sleep(1)


def complaint(stack: str, checks: list) -> str:
    failed = [f"{c['name']}: {c['observed']} (erwartet: {c.get('limit')})" for c in checks if not c["ok"]]
    return f"„{stack}“ ist nicht gesund. {'; '.join(failed)}. Protokoll: `upkeep logs {stack}`"


if __name__ == "__main__":
    main()
