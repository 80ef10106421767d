#!/usr/bin/python
# ruff: noqa: E402 - the documentation comes before the imports
"""Ansible module: have one version of the Upkeep agent installed, running and answering."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_agent_release
short_description: Have one version of the Upkeep agent installed, running and answering
description:
  - Installs the agent from an archive of wheels into a venv of its own and switches to it when it has answered there,
    in an empty world of its own, beside the agent that runs.
  - If the new agent does not answer, the one before is linked and started again, and the module fails.
  - Waits for a run that is going on; the agent is never replaced during one, and none begins while it is.
options:
  version:
    description: Version of the agent.
    type: str
    required: true
  digest:
    description: Digest of the archive's content.
    type: str
    required: true
  archive:
    description: The archive on the host. It is removed once it is installed.
    type: path
    required: true
  files:
    description: Units and settings; the agent is restarted when their content has changed since it was started.
    type: list
    elements: path
    default: []
  wait_for_run:
    description: Seconds to wait for a run that is going on.
    type: int
    default: 600
  answer_timeout:
    description: Seconds in which the agent has to answer.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    description: Looks, and says what it would do.
  diff_mode:
    support: full
    description: The version before and after.
  idempotent:
    support: full
    description: A version that is installed, linked, enabled and answering is left alone.
author: Upkeep
"""

EXAMPLES = r"""
- name: The agent
  upkeep_agent_release:
    version: 1.0.0
    digest: 3f8a...
    archive: /opt/upkeep/.wheels-3f8a.tar
"""

RETURN = r"""
archive_needed:
  description: Nothing was done because the archive has to be brought first.
  returned: success
  type: bool
message:
  description: What was (in check mode would be) done, in German.
  returned: success
  type: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_agent_host import Host, SwitchFailed
from ansible.module_utils.upkeep_agent_release import Switch, Wanted

ARGUMENTS = {
    "version": {"type": "str", "required": True},
    "digest": {"type": "str", "required": True},
    "archive": {"type": "path", "required": True},
    "files": {"type": "list", "elements": "path", "default": []},
    "wait_for_run": {"type": "int", "default": 600},
    "answer_timeout": {"type": "int", "default": 60},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = dict(module.params)
    given["archive"], given["files"] = Path(given["archive"]), tuple(Path(file) for file in given["files"])
    switch = Switch(Wanted(**given), Host())
    diff = {"before": f"{switch.linked}\n", "after": f"{switch.wanted.name}\n"}
    try:
        if switch.in_force:
            module.exit_json(changed=False, archive_needed=False, message=f"Agent {switch.wanted.version} antwortet.")
        if module.check_mode or switch.archive_needed:
            message = f"Agent {switch.wanted.version} würde in Betrieb genommen."
            needed = switch.archive_needed and not module.check_mode
            module.exit_json(changed=module.check_mode, archive_needed=needed, message=message, diff=diff)
        if not switch.installed:
            switch.install()
        switch.put_in_force()
    except SwitchFailed as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=True, archive_needed=False, message=f"Agent {switch.wanted.version} ist in Betrieb.", diff=diff
    )


if __name__ == "__main__":
    main()
