#!/usr/bin/python
"""Ansible module: PostgreSQL servers that stream to each other."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_postgres_replication
short_description: Look at, prepare and fail over PostgreSQL's streaming replication, over TCP
description:
  - Asks all O(servers) at once who is the primary and how far behind the others are; readies the primary for one more
    standby; makes a standby the primary when the primary is lost.
  - Needs the project's Python environment and PostgreSQL's programs on the controller (C(delegate_to=localhost)).
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Says what would happen.
  diff_mode:
    support: none
    description: What changes is in RV(message).
  idempotent:
    support: full
options:
  servers:
    description: All servers, as C(host) or C(host:port).
    type: list
    elements: str
    required: true
  state:
    description:
      - V(checked) fails unless there is one primary and every other server streams from it closely enough.
      - V(seen) only answers, whatever there is.
      - V(prepared) gives the primary what O(slot)'s standby needs, the replication account and a slot.
      - V(promoted) makes the standby that received most the primary. Refused while anybody else takes changes.
    type: str
    choices: [checked, seen, prepared, promoted]
    required: true
  lost:
    description: For V(promoted), the servers that are known to be stopped.
    type: list
    elements: str
    default: []
  slot:
    description: For V(prepared), the standby's own slot on the primary.
    type: str
    default: ""
  account:
    description: For V(prepared), who replicates.
    type: str
    default: upkeep_replication
  account_password:
    description: Its password; only its SCRAM verifier reaches the server.
    type: str
    default: ""
  megabytes:
    description: For V(checked), how much WAL a standby may be behind.
    type: int
    default: 64
  seconds:
    description: For V(checked), how old a standby's last change may be while the primary has more.
    type: int
    default: 60
  wait:
    description: Seconds to wait for a good answer to V(checked).
    type: int
    default: 0
  user:
    description: A superuser, the same on all servers.
    type: str
    required: true
  password:
    description: Its password. Reaches PostgreSQL's programs in a file of mode 0600.
    type: str
    default: ""
  sslmode:
    description: As libpq knows it.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: prefer
  programs:
    description: The folder of psql; by default Debian's newest, or those on C(PATH).
    type: path
"""

EXAMPLES = r"""
- name: One primary, and everybody close behind
  upkeep_postgres_replication:
    servers: [db1.example.org, db2.example.org]
    user: upkeep
    password: "{{ vault__postgres_password }}"
    state: checked
  delegate_to: localhost
"""

RETURN = r"""
message:
  description: What is or what happened, in German; on failure also in C(msg).
  returned: always
  type: str
  sample: "db1:5432 ist Primärserver, es folgen: db2:5432 (0 Byte zurück)."
primary:
  description: Who takes changes, as host:port; none when nobody does.
  returned: success
  type: str
standbys:
  description: Who follows.
  returned: success
  type: list
  elements: str
fresh:
  description: Who is empty and follows nobody yet.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_controller import ABSENT, POSTGRES_ACCOUNT

ARGUMENTS = POSTGRES_ACCOUNT | {
    "servers": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["checked", "seen", "prepared", "promoted"], "required": True},
    "lost": {"type": "list", "elements": "str", "default": []},
    "slot": {"type": "str", "default": ""},
    "account": {"type": "str", "default": "upkeep_replication"},
    "account_password": {"type": "str", "default": "", "no_log": True},
    "megabytes": {"type": "int", "default": 64},
    "seconds": {"type": "int", "default": 60},
    "wait": {"type": "int", "default": 0},
}


def main():
    needed = [("state", "prepared", ["slot", "account_password"])]
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, required_if=needed)
    try:
        from upkeep.errors import UpkeepError
        from upkeep.ports.clock import SystemClock
        from upkeep.postgres.replication.door import done_as_asked
    except ImportError:
        module.fail_json(msg=ABSENT, message=ABSENT)
    try:
        module.exit_json(**done_as_asked(module.params, SystemClock(), only_plan=module.check_mode))
    except UpkeepError as error:
        module.fail_json(msg=str(error), message=str(error), code=error.code)


if __name__ == "__main__":
    main()
