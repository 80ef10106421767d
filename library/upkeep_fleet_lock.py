#!/usr/bin/python
"""Ansible module: one fleet run at a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_fleet_lock
short_description: Make sure that only one play works on a fleet at a time
description:
  - Takes, renews or gives back the fleet's lock, a file on the host it runs on (the load balancer, or the first host of
    the group). It has a holder and an end, so that a killed play does not keep it for ever.
  - The action plugin of the same name, beside the playbooks, fills in who asks. It also takes over at once from a play
    of the same controller that is dead.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Looks only; a lock that somebody else holds is an error there, too.
  diff_mode:
    support: none
    description: A lock is no state anybody would want to compare.
  idempotent:
    support: full
    description: Never reports a change; the lock is bookkeeping.
options:
  run:
    description: Id of the fleet run.
    type: str
    required: true
  state:
    description: V(held) takes or renews it, V(free) gives it back if it is this run's.
    type: str
    choices: [held, free]
    default: held
  operation:
    description: What the run does, for whoever has to wait.
    type: str
    default: update
  starter:
    description: Who started it.
    type: str
    default: ansible
  controller:
    description: The machine the play runs on, in a form no other one has.
    type: str
    default: ""
  process:
    description: The play's process there.
    type: str
    default: ""
  lease:
    description: Seconds after which it ends by itself unless renewed.
    type: int
    default: 1800
  instead_of:
    description: Id of a run that is known to be dead.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Nobody else at the same time
  upkeep_fleet_lock:
    run: "20261121-093012-7f3a"
    starter: anna@laptop
"""

RETURN = r"""
holder:
  description: Who holds it now (run, starter, operation, controller, process, since, until); null when free.
  returned: always
  type: dict
run:
  description: The run it was asked for.
  returned: always
  type: str
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_balancing.fleet import FleetLock, Holder

TEXTS = ("operation", "starter", "controller", "process")
ARGUMENTS = {
    "run": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["held", "free"], "default": "held"},
    "operation": {"type": "str", "default": "update"},
    "starter": {"type": "str", "default": "ansible"},
    "controller": {"type": "str", "default": ""},
    "process": {"type": "str", "default": ""},
    "lease": {"type": "int", "default": 1800},
    "instead_of": {"type": "str", "default": ""},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    run, lock = module.params["run"], FleetLock()
    if module.params["state"] == "free":
        if not module.check_mode:
            lock.give_back(run)
        module.exit_json(changed=False, run=run, holder=None)
    wish = Holder(run, **{name: module.params[name] for name in TEXTS})
    holder = (
        lock.holder() if module.check_mode else lock.take(wish, module.params["lease"], module.params["instead_of"])
    )
    if holder and holder.run not in (run, module.params["instead_of"]):
        module.fail_json(msg=holder.sentence(), run=run, holder=asdict(holder))
    module.exit_json(changed=False, run=run, holder=asdict(holder) if holder else None)


if __name__ == "__main__":
    main()
