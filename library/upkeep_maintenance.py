#!/usr/bin/python
"""Ansible module: the operator's maintenance page."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_maintenance
short_description: Switch a stack's maintenance page on or off
description:
  - The operator's maintenance. Runs never remove it, and switching it off does not touch the maintenance of a run.
author:
  - Upkeep
extends_documentation_fragment: upkeep_agent
attributes:
  check_mode:
    support: full
    description: Without an agent on the host yet, the task reports a change.
  diff_mode:
    support: full
  idempotent:
    support: partial
    description:
      - Full, except that a time of day in O(until) is the next one to come, so the same call after that time moves it.
options:
  enabled:
    description: Whether the maintenance page is shown.
    type: bool
    required: true
  title:
    description: Heading of the page; the stack's own by default.
    type: str
  text:
    description: Text of the page; the stack's own by default.
    type: str
  until:
    description:
      - Expected end, C(18:30), C(21.11.2026 18:30) or ISO 8601; without an offset in the host's time zone.
    type: str
  reason:
    description: Why, for the status and the log. Not shown on the page.
    type: str
"""

EXAMPLES = r"""
- name: Close for stocktaking
  upkeep_maintenance:
    stack: lager
    enabled: true
    text: Wir zählen gerade. Ab 18:30 Uhr geht es weiter.
    until: "18:30"
    reason: Inventur

- name: Open again
  upkeep_maintenance:
    stack: lager
    enabled: false
"""

RETURN = r"""
maintenance:
  description: The maintenance now (on, owner, reason, until, title, text); in check mode what it would be.
  returned: when the agent could be asked
  type: dict
message:
  description: What was (in check mode would be) done, in German. On failure also in C(msg).
  returned: always
  type: str
  sample: "Wartung von „lager“: eingeschaltet."
"""

from datetime import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_client import AgentClient, AgentError
from ansible.module_utils.upkeep_moment import NotAMoment, parse_until
from ansible.module_utils.upkeep_run import AGENT_ARGUMENTS, NO_AGENT_YET, default_starter, fail, not_installed

PAGE = ("title", "text", "until", "reason")
ARGUMENTS = AGENT_ARGUMENTS | {"enabled": {"type": "bool", "required": True}} | {name: {"type": "str"} for name in PAGE}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    stack, enabled = module.params["stack"], module.params["enabled"]
    try:
        answer = AgentClient(module.params["socket"]).maintenance(
            stack, wish(module.params) | {"check": module.check_mode}
        )
    except NotAMoment as error:
        fail(module, f"until: {error}")
    except AgentError as error:
        if module.check_mode and not_installed(error):
            module.exit_json(changed=True, message=NO_AGENT_YET)
        fail(module, str(error))
    diff = {"diff": answer["diff"]} if module._diff and answer.get("diff") else {}
    done = ("eingeschaltet" if enabled else "ausgeschaltet") if answer["changed"] else "unverändert"
    message = f"Wartung von „{stack}“: {done}."
    module.exit_json(changed=bool(answer["changed"]), maintenance=answer["maintenance"], message=message, **diff)


def wish(params: dict) -> dict:
    wanted = {"on": params["enabled"], "owner": "operator", "starter": default_starter()}
    if not params["enabled"]:
        return wanted
    until = parse_until(params["until"], datetime.now().astimezone()) if params["until"] else None
    return wanted | {name: params[name] for name in PAGE} | {"until": until}


if __name__ == "__main__":
    main()
