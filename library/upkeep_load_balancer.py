#!/usr/bin/python
"""Ansible module: take a server out of a load balancer's rotation, and back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_load_balancer
short_description: Take a server out of a load balancer's rotation, and back
description:
  - Drains a server of HAProxy (role C(load_balancer)) and waits until its requests have ended, or lets it back in and
    waits until its health check agrees. Runs on the balancer (C(delegate_to)).
  - Every drain has an owner and an end. A timer on the balancer ends it even if nobody comes back; the drain survives
    a reload or restart of HAProxy, its end too.
  - With O(kind=healthflag) it runs on the server itself, and the gate of O(stack) reports the host as not ready, for
    balancers of others that only watch a health path.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Looks only.
  diff_mode:
    support: full
    description: The server's state before and after.
  idempotent:
    support: full
options:
  server:
    description: Name of the server, as in HAProxy's configuration (the inventory's name of the host).
    type: str
    default: ""
  state:
    description:
      - V(drained) and V(ready) are what they say; a play lets in only what was not drained by hand.
      - V(healed) ends the drains that plays left behind which are not O(owner).
      - V(watched) looks on for O(timeout) seconds and fails when the server serves no more, or errors too often.
      - V(installed) puts the program on the host that ends drains; every V(drained) does that, too.
      - V(status) only answers.
    type: str
    choices: [drained, ready, healed, watched, installed, status]
    default: status
  owner:
    description: On whose word. V(operator) is stronger than any play.
    type: str
    default: operator
  backend:
    description: Only in this backend of HAProxy; by default in every one that has the server.
    type: str
    default: ""
  lease:
    description: Seconds after which the drain ends by itself.
    type: int
    default: 900
  timeout:
    description: Seconds to wait for the end of its requests (what is left is cut), or until it serves again.
    type: int
    default: 30
  settle:
    description: Seconds another balancer needs to notice its health flag.
    type: int
    default: 0
  errors:
    description: Highest share of 5xx answers while watched (of at least 20).
    type: float
    default: 0.05
  kind:
    description: V(haproxy) is the balancer of role C(load_balancer), V(healthflag) the flag for another one.
    type: str
    choices: [haproxy, healthflag]
    default: haproxy
  stack:
    description: With O(kind=healthflag), whose gate.
    type: str
    default: ""
  socket:
    description: HAProxy's runtime socket.
    type: path
    default: /run/haproxy/admin.sock
"""

EXAMPLES = r"""
- name: Nothing new for web2
  upkeep_load_balancer:
    server: web2
    state: drained
  delegate_to: lb1

- name: And back
  upkeep_load_balancer:
    server: web2
    state: ready
  delegate_to: lb1
"""

RETURN = r"""
message:
  description: What happened, in German; on failure also in C(msg).
  returned: always
  type: str
  sample: "web2 abgehängt nach 0.4 s."
servers:
  description: Every server as HAProxy sees it (backend, name, status, drained, sessions, check, answers, errors).
  returned: when HAProxy could be asked
  type: list
  elements: dict
leases:
  description: The drains there are (server, owner, since, until, places).
  returned: when HAProxy could be asked
  type: list
  elements: dict
cut:
  description: How many requests had to be cut.
  returned: when drained
  type: int
waited:
  description: Seconds until its requests had ended, or until it served again.
  returned: when drained or ready
  type: float
stays_out:
  description: Somebody else has drained it, so it was not let in; C(message) says who.
  returned: when ready was asked for in vain
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_balancing.drains import Drains
from ansible.module_utils.upkeep_balancing.flag import HealthFlag
from ansible.module_utils.upkeep_balancing.haproxy import SOCKET, BalancerError, Runtime
from ansible.module_utils.upkeep_balancing.program import install
from ansible.module_utils.upkeep_balancing.rotation import Rotation, Wish

WISH = {
    "server": {"type": "str", "default": ""},
    "owner": {"type": "str", "default": "operator"},
    "backend": {"type": "str", "default": ""},
    "lease": {"type": "int", "default": 900},
    "timeout": {"type": "int", "default": 30},
    "settle": {"type": "int", "default": 0},
    "errors": {"type": "float", "default": 0.05},
}
ARGUMENTS = WISH | {
    "state": {
        "type": "str",
        "choices": ["drained", "ready", "healed", "watched", "installed", "status"],
        "default": "status",
    },
    "kind": {"type": "str", "choices": ["haproxy", "healthflag"], "default": "haproxy"},
    "stack": {"type": "str", "default": ""},
    "socket": {"type": "path", "default": SOCKET},
}


def main():
    needs = [("state", name, ["server"]) for name in ("drained", "ready", "watched")]
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, required_if=[*needs, ("kind", "healthflag", ["stack"])])
    given = module.params
    if given["state"] == "installed":
        module.exit_json(changed=install(write=not module.check_mode), message="")
    runtime = HealthFlag(given["stack"]) if given["kind"] == "healthflag" else Runtime(given["socket"])
    rotation, wish = Rotation(Drains(runtime)), Wish(**{name: given[name] for name in WISH})
    try:
        before, step = rotation.seen(), rotation.plan(wish, given["state"])
        if step.act and not module.check_mode:
            install()
        found = {"message": step.message} if module.check_mode else rotation.act(wish, given["state"], step)
        after = before if module.check_mode else rotation.seen()
        diff = {"diff": {"before": before["servers"], "after": after["servers"]}} if module._diff else {}
        module.exit_json(changed=step.act, **found, **after, **diff)
    except BalancerError as error:
        module.fail_json(msg=str(error), message=str(error))


if __name__ == "__main__":
    main()
