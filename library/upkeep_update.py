#!/usr/bin/python
"""Ansible module: update a stack, or roll it back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_update
short_description: Update a stack to another release, or roll it back
description:
  - Asks the agent for an update or a rollback and waits for its end. A release that does not become healthy is taken
    back by the agent, and the task fails with the reason.
  - The run executes in the agent. Killing the task, the play or the connection does not stop it; the next task on this
    stack reports how it ended.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description: The agent plans and writes nothing. Without an agent on the host yet, the task reports a change.
  diff_mode:
    support: full
  idempotent:
    support: partial
    description:
      - V(available) and a named release are V(unchanged) when they are running already. V(previous) is not idempotent,
        every call goes back to the release before the running one.
options:
  release:
    description:
      - V(available) is the newest release of the stack's channel or its pin.
      - V(previous) is the release before the running one.
      - Anything else is a tag or digest of the channel's repository, or an image reference (C(repo:tag),
        C(repo@sha256:...)) from a registry the policy allows.
    type: str
    default: available
    aliases: [state]
  force:
    description:
      - Take a release that is held since it was rolled back, or an older one; replace a C(release.env) edited by hand.
    type: bool
    default: false
  service:
    description:
      - Update this service instead of the application. Only V(mongodb); O(release) then names its image (or its tag).
      - The gate is closed meanwhile. The data are copied aside first, and put back exactly if the step fails.
    type: str
    choices: [mongodb]
"""

EXAMPLES = r"""
- name: Update to the newest release of the channel
  upkeep_update:
    stack: lager

- name: Go back to the release before
  upkeep_update:
    stack: lager
    release: previous

- name: The database one version further, behind the maintenance page
  upkeep_update:
    stack: lager
    service: mongodb
    release: mongo:8.0

- name: Update to exactly this release, after whatever is going on
  upkeep_update:
    stack: lager
    release: ghcr.io/example/lager:1.4.2
    wait_for_running: 900
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

ARGUMENTS = RUN_ARGUMENTS | {
    "release": {"type": "str", "default": "available", "aliases": ["state"]},
    "force": {"type": "bool", "default": False},
    "service": {"type": "str", "choices": ["mongodb"]},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    release, service = module.params["release"], module.params["service"]
    if service and release in ("available", "previous"):
        module.fail_json(msg=f"service: {service} braucht release: welche Version soll es werden?")
    if release == "previous":
        run_operation(module, "rollback", force=module.params["force"])
    run_operation(
        module, "update", None if release == "available" else release, module.params["force"], service=service
    )


if __name__ == "__main__":
    main()
