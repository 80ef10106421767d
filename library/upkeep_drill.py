#!/usr/bin/python
"""Ansible module: restore the newest backup of a stack as a trial."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_drill
short_description: Restore the newest backup of a stack as a trial and have the application prove itself on it
description:
  - Lets the host's agent restore the newest backup into containers of their own, on a network that leads nowhere,
    start the application of that release on it, count, and write a report. The live application and its data are not
    touched.
  - Nothing of the trial is left afterwards. One that does not succeed makes the task fail.
  - The run belongs to the agent. Stopping this task, or losing the connection, does not stop it.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description: Says which backup would be tried, and whether the repository answers.
  diff_mode:
    support: none
    description: Nothing changes.
  idempotent:
    support: full
    description: Every call is a trial, and none of them changes anything.
"""

EXAMPLES = r"""
- name: Prove that the newest backup can be restored
  upkeep_drill:
    stack: lager
"""

RETURN = r"""
result:
  description:
    - How the run ended; V(unchanged) is a good end, everything else makes the task fail.
    - Null in check mode.
  returned: always
  type: str
  sample: unchanged
report:
  description:
    - The run's report without its phases; C(drill.facts.report) is where the report for people lies on the host.
  returned: when a run was started and followed to its end
  type: dict
running:
  description: The run that is in the way (id, operation, starter, started_at).
  returned: when the stack is busy
  type: dict
message:
  description: What happened, in German. On failure also in C(msg).
  returned: always
  type: str
  sample: "Die Sicherung vom 21.11.2026 02:30 lässt sich zurückspielen: 12 034 Dokumente stimmen, …"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, run_operation


def main():
    run_operation(AnsibleModule(argument_spec=RUN_ARGUMENTS, supports_check_mode=True), "drill")


if __name__ == "__main__":
    main()
