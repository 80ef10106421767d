#!/usr/bin/python
"""Ansible module: bring a stack's data back from a backup, or undo that."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_restore
short_description: Bring a stack's data back from a backup, or undo that
description:
  - Lets the host's agent back the stack up once more, load the chosen backup beside the live data, compare every byte,
    and only then exchange both behind the maintenance page. The application is started and probed with the data; when
    it does not get ready, the data of before come back by themselves, and the task fails.
  - What was live before is kept for as long as the stack's policy says, and O(state=undone) brings it back.
  - The run belongs to the agent. Stopping this task, or losing the connection, does not stop it.
author:
  - Upkeep
extends_documentation_fragment: [upkeep_agent, upkeep_agent.run]
attributes:
  check_mode:
    support: full
    description: Asks the repository, says every step, which backup and how much it is, writes nothing.
  diff_mode:
    support: full
    description: With C(--diff), in check mode, the steps.
  idempotent:
    support: none
    description: Every call brings data back, and that is a change. Undoing twice leads back to the restored data.
options:
  state:
    description: V(restored) brings a backup's data back, V(undone) those that were replaced last.
    type: str
    choices: [restored, undone]
    default: restored
  backup:
    description: Which backup, as C(upkeep list) names it. By default the newest whole one.
    type: str
  file:
    description: Instead of a backup in the repository, a file on the host that C(upkeep export) has written.
    type: path
  identity:
    description: The file on the host with age's key, for an O(file) that is encrypted.
    type: path
  only:
    description:
      - Parts that come back; by default all data of the backup.
      - C(mongodb), C(mongodb:<database>), C(mongodb:<database>.<collection>), C(postgres:<database>)
        or C(volume:<name>).
    type: list
    elements: str
    default: []
  force:
    description: Also data of a newer release of the application, or from before a migration.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: What would the newest backup bring back?
  upkeep_restore:
    stack: lager
  check_mode: true

- name: Bring one collection back
  upkeep_restore:
    stack: lager
    backup: 20261121-023000-backup-1a2b
    only: ["mongodb:lager.articles"]

- name: Back to the data of before
  upkeep_restore:
    stack: lager
    state: undone
"""

RETURN = r"""
result:
  description:
    - How the run ended; V(updated) is the good end, everything else makes the task fail.
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
  sample: "Daten der Sicherung vom 21.11.2026 02:30 UTC sind eingesetzt (Wartung 4,2 s)."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_run import RUN_ARGUMENTS, run_operation

ARGUMENTS = RUN_ARGUMENTS | {
    "state": {"type": "str", "choices": ["restored", "undone"], "default": "restored"},
    "backup": {"type": "str"},
    "file": {"type": "path"},
    "identity": {"type": "path"},
    "only": {"type": "list", "elements": "str", "default": []},
    "force": {"type": "bool", "default": False},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = module.params
    if given["state"] == "undone":
        run_operation(module, "undo")
    wanted = {name: given[name] for name in ("backup", "file", "identity", "only")}
    run_operation(module, "restore", force=given["force"], **wanted)


if __name__ == "__main__":
    main()
