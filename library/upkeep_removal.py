#!/usr/bin/python
"""Ansible module: take a stack off the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_removal
short_description: Take a stack off the host, with or without its data
description:
  - The agent removes containers and networks; then the stack's units and files go. Volumes, secrets, journals and the
    audit log stay unless O(data=delete). A stack whose data were kept can be rolled out again.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  stack:
    description: Name of the stack. It need not exist any more.
    type: str
    required: true
  data:
    description: What becomes of volumes, images, secrets, journals and the audit log.
    type: str
    choices: [keep, delete]
    default: keep
  confirm:
    description: The stack's name once more, needed for O(data=delete).
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Take it off, keep the data
  upkeep_removal:
    stack: rechnungen

- name: Delete everything
  upkeep_removal:
    stack: rechnungen
    data: delete
    confirm: rechnungen
"""

RETURN = r"""
removed:
  description: What was (in check mode would be) removed, in German.
  returned: success
  type: list
kept:
  description: What is still there, in German.
  returned: success
  type: list
message:
  description: What happened, in German. On failure also in C(msg).
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import AgentClient, AgentError, Busy, order
from ansible.module_utils.upkeep_remnants import Remnants
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, Run, default_starter, fail, result_of

ARGUMENTS = RUN_ARGUMENTS | {
    "data": {"type": "str", "choices": ["keep", "delete"], "default": "keep"},
    "confirm": {"type": "str", "default": ""},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    stack = module.params["stack"]
    run = Run(module, AgentClient(module.params["socket"]), stack)
    wish = order("remove", module.params["starter"] or default_starter())
    wish["options"] |= {name: module.params[name] for name in ("data", "confirm")}
    remnants = Remnants(stack, delete_data=module.params["data"] == "delete")
    try:
        plan = run.client.plan(stack, wish)
        if plan["changed"] and not module.check_mode:
            run.follow(wish)
    except Busy as error:
        fail(module, run.busy_message(error), result="busy", running=error.running)
    except AgentError as error:
        fail(module, str(error), result=result_of(error))
    removed = plan["steps"] + remnants.remove(module.run_command, really=not module.check_mode)
    kept = remnants.kept(plan["kept"])
    diff = {"diff": {"before": "\n".join((*removed, "")), "after": ""}} if module._diff else {}
    message = remnants.message(removed, kept, module.check_mode)
    module.exit_json(changed=bool(removed), removed=removed, kept=kept, message=message, **diff)


if __name__ == "__main__":
    main()
