#!/usr/bin/python
"""Changes ssh, firewall or daemon settings so that they revert by themselves unless confirmed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_guarded_change
short_description: Change settings that revert by themselves unless confirmed
description:
  - Saves the previous files, arms a systemd timer that puts them back, then writes, checks and activates the new ones.
  - After C(meta=reset_connection) a second task with O(state=confirmed) keeps the change. It has to come over a new
    SSH connection; over the one the change was made with it is refused, because that proves nothing.
  - A reboot before the confirmation puts everything back too (boot unit C(upkeep-guard.service)).
  - If a check or an activation fails, everything is put back at once and the module fails with a message.
options:
  name:
    description: Name of the change, part of the timer's name C(upkeep-guard-<name>.timer).
    type: str
    required: true
  state:
    description: V(applied) makes the change, V(confirmed) keeps it.
    type: str
    choices: [applied, confirmed]
    default: applied
  timeout:
    description: Seconds until an unconfirmed change is taken back. V(0) keeps it as soon as its activation succeeded.
    type: int
    default: 45
  parts:
    description: Files with what belongs to them. Only parts that differ (on disk or live) are written and activated.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path of the file.
        type: path
        required: true
      content:
        description: The whole content. No secrets, it shows in the diff.
        type: str
        required: true
      mode:
        description: Octal mode.
        type: str
        default: '0644'
      checks:
        description: Commands that must succeed once all files are in place, before anything is activated.
        type: list
        elements: dict
        default: []
        suboptions:
          argv:
            description: The command.
            type: list
            elements: str
            required: true
          expect:
            description: Lines its output must contain, in any case.
            type: list
            elements: str
            default: []
      activate:
        description: Commands that bring the file to life.
        type: list
        elements: list
        default: []
      revert:
        description: Commands that run after the file was put back. Empty means the same as for activation.
        type: list
        elements: list
        default: []
      live:
        description: Command whose output shows what is in effect. If that differs later, it is a change.
        type: list
        elements: str
        default: []
attributes:
  check_mode:
    support: full
    description: Writes nothing.
  diff_mode:
    support: full
    description: Shows the files.
  idempotent:
    support: full
    description: Changes nothing when files and live state are as wanted and nothing is unconfirmed.
author: Upkeep
"""

EXAMPLES = r"""
- name: Change the firewall, for 45 seconds at first
  upkeep_guarded_change:
    name: firewall
    parts:
      - path: /etc/upkeep/firewall.nft
        content: "{{ lookup('ansible.builtin.template', 'firewall.nft.j2') }}"
        checks: [{argv: [nft, -c, -f, /etc/upkeep/firewall.nft]}]
        activate: [[systemctl, reload-or-restart, upkeep-firewall.service]]
        revert: [[systemctl, restart, upkeep-firewall.service]]
        live: [nft, -s, list, table, inet, upkeep]
  register: __firewall
# then: meta: reset_connection, and
- name: Keep it
  upkeep_guarded_change: {name: firewall, state: confirmed}
"""

RETURN = r"""
pending:
  description: Whether the change waits for its confirmation.
  type: bool
  returned: always
timeout:
  description: Seconds until it is taken back without one.
  type: int
  returned: always
paths:
  description: The files that were, or would be, changed.
  type: list
  elements: str
  returned: state=applied
"""

from pathlib import Path
from typing import Any

from ansible.module_utils import upkeep_takeback
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_guard import Change, Check, Guard, GuardError, Part, install_program
from ansible.module_utils.upkeep_session import ssh_connection

STRINGS = {"type": "list", "elements": "str"}
COMMANDS = {"type": "list", "elements": "list", "default": []}
CHECK = {"argv": {**STRINGS, "required": True}, "expect": {**STRINGS, "default": []}}
PART = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True},
    "mode": {"type": "str", "default": "0644"},
    "checks": {"type": "list", "elements": "dict", "default": [], "options": CHECK},
    "activate": COMMANDS,
    "revert": COMMANDS,
    "live": {**STRINGS, "default": []},
}
ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["applied", "confirmed"], "default": "applied"},
    "timeout": {"type": "int", "default": 45},
    "parts": {"type": "list", "elements": "dict", "default": [], "options": PART},
}


def part_from(wanted: dict[str, Any]) -> Part:
    checks = [Check(check["argv"], check["expect"]) for check in wanted["checks"]]
    return Part(**{**wanted, "path": Path(wanted["path"]), "mode": int(wanted["mode"], 8), "checks": checks})


def shown(part: Part) -> dict[str, str]:
    before = upkeep_takeback.read_text(part.path)
    header = f"{part.path}" if before != part.content else f"{part.path} (Datei gleich, wirkender Stand anders)"
    return {"before_header": header, "after_header": header, "before": before or "", "after": part.content}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    memory = upkeep_takeback.Memory()
    guard, name, timeout = Guard(memory), module.params["name"], module.params["timeout"]
    try:
        if module.params["state"] == "confirmed":
            kept = not module.check_mode and guard.confirm(name, ssh_connection())
            module.exit_json(changed=kept, pending=False, timeout=timeout)
        change = Change(name, [part_from(part) for part in module.params["parts"]], timeout)
        stale = guard.plan(change)
        paths = [str(part.path) for part in stale]
        result = {"paths": paths, "diff": [shown(part) for part in stale], "timeout": timeout}
        if not stale or module.check_mode:
            module.exit_json(changed=bool(stale), pending=False, **result)
        install_program(memory, upkeep_takeback.__loader__.get_source(upkeep_takeback.__name__))
        guard.apply(change, ssh_connection())
        module.exit_json(changed=True, pending=timeout > 0, **result)
    except GuardError as problem:
        module.fail_json(msg=str(problem))


if __name__ == "__main__":
    main()
