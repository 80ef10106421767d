#!/usr/bin/python
"""Ansible module: bring a stack to what its files say."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_stack
short_description: Bring a stack to what its files on the host say
description:
  - Asks the agent to deploy. The first time this installs the stack; later it applies changed files through the stack's
    update strategy, with a way back. With a channel the running release stays; with a pin the stack is updated to it.
  - The run executes in the agent. Killing the task, the play or the connection does not stop it.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description:
      - The agent plans against the files that are on the host. What other tasks would only change in check mode it
        cannot see. Without an agent or a stack on the host yet, the task reports a change.
  diff_mode:
    support: full
  idempotent:
    support: full
    description: A stack that is as its files say is V(unchanged), and nothing is restarted.
options:
  force:
    description:
      - Take a release that was rolled back before, replace a C(release.env) that was edited by hand, and go on after
        the agent asked for a human to look.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Roll out
  upkeep_stack:
    stack: lager
    starter: "ansible:{{ lookup('ansible.builtin.env', 'USER') }}@{{ lookup('ansible.builtin.pipe', 'hostname') }}"
"""

RETURN = r"""
result:
  description:
    - How the run ended; V(updated) and V(unchanged) are good ends, everything else makes the task fail.
    - Null in check mode.
  returned: always
  type: str
  sample: updated
release:
  description: The release that is running now (image, digest, version, since).
  returned: when the agent could be asked
  type: dict
previous:
  description: The release a rollback would go to.
  returned: when the agent could be asked
  type: dict
held:
  description: Versions (or digests) that were rolled back and are not taken again without force.
  returned: when the agent could be asked
  type: list
  elements: str
report:
  description: The run's report without its phases; C(last_logs) are the application's last ten lines.
  returned: when a run was started and followed to its end
  type: dict
last_run:
  description: The run before this one, also one that a killed play left behind; null if there was none.
  returned: when the run ended well, and in check mode
  type: dict
running:
  description: The run that is in the way (id, operation, starter, started_at).
  returned: when the stack is busy
  type: dict
message:
  description: What happened, in German. On failure also in C(msg).
  returned: always
  type: str
  sample: "1.1.0 läuft."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, run_operation

ARGUMENTS = RUN_ARGUMENTS | {"force": {"type": "bool", "default": False}}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    run_operation(module, "deploy", force=module.params["force"], may_be_new=True)


if __name__ == "__main__":
    main()
