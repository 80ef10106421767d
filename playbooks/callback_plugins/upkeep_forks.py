"""Callback: what every task's process would do again is done once, in the process they are forked from.

Ansible forks for each task and host. For the first expression that names a filter, such a process loads all filters and
tests: Ansible's, and those of our roles with what they import.
"""

from __future__ import annotations

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import filter_loader, test_loader

DOCUMENTATION = r"""
name: upkeep_forks
type: aggregate
short_description: Makes the processes of tasks cheaper
description:
  - Loads filters and tests before Ansible forks.
author: Upkeep
"""


class CallbackModule(CallbackBase):
    """Loaded by Ansible because it lies beside the playbooks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "upkeep_forks"

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        """Before the fork. A role that has just come may have brought filters: then Ansible has forgotten all."""
        for loader in (filter_loader, test_loader):
            list(loader.all())
