#!/usr/bin/python
"""Ansible module: take over a compose project that already runs on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_adoption
short_description: Take over a running compose project as a stack, with its data
description:
  - Stops the project's containers (they are kept), copies their data aside, starts the stack on the same volumes and
    lets users in when it is healthy. If anything goes wrong, data and containers are put back as they were.
  - The run executes in the agent. Killing the task, the play or the connection does not stop it.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description: As with O(look), and the task reports the change that would be made.
  diff_mode:
    support: full
  idempotent:
    support: full
    description: A project that this stack has taken over is left alone.
options:
  stack:
    description: Name of the stack that takes the project over. It must never have been rolled out.
    type: str
    required: true
  project:
    description: The compose project, by its name or its directory.
    type: str
    required: true
  app:
    description: The service that is the application; by default the one that is neither database nor proxy.
    type: str
  keep:
    description: Services that go on running as they are.
    type: list
    elements: str
    default: []
  without:
    description: Services that end with the takeover.
    type: list
    elements: str
    default: []
  look:
    description: Only say what was found and what would happen, also what is in the way.
    type: bool
    default: false
  compose:
    description: With O(look), the stack's compose.yml before it is placed.
    type: str
  policy:
    description: With O(look), the stack's stack.yml before it is placed.
    type: str
  environment_secrets:
    description: Names of the variables that the stack sets from secrets.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: See what would happen
  upkeep_adoption:
    stack: rechnungen
    project: /opt/bhb-invoice-portal
    look: true
    compose: "{{ lookup('ansible.builtin.template', 'compose.yml.j2') }}"
    policy: "{{ lookup('ansible.builtin.template', 'stack.yml.j2') }}"

- name: Take it over
  upkeep_adoption:
    stack: rechnungen
    project: bhb-invoice-portal
    without: [watchtower]
"""

RETURN = r"""
found:
  description: What was found and what will become of it, line by line, in German. Never values of variables.
  returned: with look, and in check mode
  type: list
problems:
  description: What has to be settled before the project can be taken over.
  returned: with look, and in check mode
  type: list
project:
  description: The project's name.
  returned: with look, and in check mode
  type: str
needed:
  description: Whether there is anything left to take over.
  returned: with look, and in check mode
  type: bool
result:
  description:
    - How the run ended; V(updated) and V(unchanged) are good ends, V(rolled_back) means the project runs as before.
  returned: when a run was started
  type: str
message:
  description: What happened, in German. On failure also in C(msg).
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import AgentClient, AgentError, order
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, default_starter, fail, result_of, run_operation

WISH = ("project", "app", "keep", "without", "environment_secrets")
NAMES = {"type": "list", "elements": "str", "default": []}
ARGUMENTS = RUN_ARGUMENTS | {
    "project": {"type": "str", "required": True},
    "app": {"type": "str"},
    "keep": NAMES,
    "without": NAMES,
    "environment_secrets": NAMES | {"no_log": False},
    "look": {"type": "bool", "default": False},
    "compose": {"type": "str"},
    "policy": {"type": "str"},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    wish = {name: module.params[name] for name in WISH}
    if module.check_mode or module.params["look"]:
        look(module, wish)
    run_operation(module, "adopt", **wish)


def look(module, wish):
    asked = order("adopt", module.params["starter"] or default_starter())
    asked["options"] |= wish | {name: module.params[name] for name in ("compose", "policy") if module.params[name]}
    try:
        answer = AgentClient(module.params["socket"]).plan(module.params["stack"], asked)
    except AgentError as error:
        fail(module, str(error), result=result_of(error))
    told = {"found": answer["steps"], "needed": answer["changed"]}
    told |= {name: answer[name] for name in ("problems", "project", "message")}
    diff = {"diff": answer["diff"]} if module._diff else {}
    module.exit_json(changed=module.check_mode and answer["changed"], **told, **diff)


if __name__ == "__main__":
    main()
