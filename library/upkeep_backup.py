#!/usr/bin/python
"""Ansible module: back a stack up, verify its backups, or change their password."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_backup
short_description: Back up a stack, verify or export what lies in its repository, or give that another password
description:
  - Lets the host's agent make a backup of the stack (database, volumes, files, secrets) in the repository its policy
    names, and follows the run. The application goes on; what its policy says about single volumes is done.
  - A backup counts when its manifest, which is written last, is in the repository. One that fails leaves the ones
    before untouched, and makes the task fail.
  - The run belongs to the agent. Stopping this task, or losing the connection, does not stop it.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description: Asks the repository, says what would be saved (or removed), writes nothing.
  diff_mode:
    support: full
    description: With C(--diff), in check mode, the steps.
  idempotent:
    support: partial
    description:
      - Every call makes a backup, and that is a change. With O(unless_younger) a second call makes none.
      - A verification changes nothing, except with O(tidy). A password that is in use already is no change.
options:
  state:
    description:
      - V(saved) makes a backup, V(verified) checks the repository and what lies in it.
      - V(exported) writes the newest backup as one file to the directory that the policy names. A backup whose file is
        there already is no change.
      - V(rekeyed) gives the repository the password that lies in C(backup-password-next) beside the one in use. The new
        one is tried before it takes the place of the old one, whose key goes last. Without such a file only what an
        earlier run has left is finished.
    type: str
    choices: [saved, verified, exported, rekeyed]
    default: saved
  unless_younger:
    description: Make no backup when the last one is younger than so many seconds; V(0) makes one in any case.
    type: int
    default: 0
  read:
    description:
      - With O(state=verified), how much of the data is read and compared with its hashes.
      - V(nothing) checks the structure, V(due) reads the part whose turn it is (all of them within seven days of daily
        checks), V(everything) every byte.
    type: str
    choices: [nothing, due, everything]
    default: nothing
  tidy:
    description: With O(state=verified), remove afterwards what the policy no longer keeps. Never what was proven last.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Back up now
  upkeep_backup:
    stack: lager

- name: Have one that is at most an hour old
  upkeep_backup:
    stack: lager
    unless_younger: 3600

- name: Have the newest backup as one file
  upkeep_backup:
    stack: lager
    state: exported

- name: Change over to the password that was placed beside the one in use
  upkeep_backup:
    stack: lager
    state: rekeyed

- name: Read every byte of the repository
  upkeep_backup:
    stack: lager
    state: verified
    read: everything
"""

RETURN = r"""
result:
  description:
    - How the run ended; V(updated) and V(unchanged) are good ends, everything else makes the task fail.
    - Null in check mode.
  returned: always
  type: str
  sample: updated
report:
  description: The run's report without its phases.
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
  sample: "412 MB gesichert, davon 3 MB neu gespeichert (mongodb, volume:lager_files, files; 4,2 s)."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, run_operation

ARGUMENTS = RUN_ARGUMENTS | {
    "state": {"type": "str", "choices": ["saved", "verified", "exported", "rekeyed"], "default": "saved"},
    "unless_younger": {"type": "int", "default": 0},
    "read": {"type": "str", "choices": ["nothing", "due", "everything"], "default": "nothing"},
    "tidy": {"type": "bool", "default": False},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = module.params
    if given["state"] == "saved":
        run_operation(module, "backup", unless_younger=given["unless_younger"])
    if given["state"] == "exported":
        run_operation(module, "export")
    if given["state"] == "rekeyed":
        run_operation(module, "rekey")
    reads = {"deep": given["read"] == "due", "all": given["read"] == "everything"}
    run_operation(module, "verify", tidy=given["tidy"], **reads)


if __name__ == "__main__":
    main()
