"""What the modules that speak to the agent share of their options. As arguments: module_utils/upkeep_run.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  stack:
    description: Name of the stack.
    type: str
    required: true
  socket:
    description: The agent's socket.
    type: path
    default: /run/upkeep/agent.sock
"""

    RUN = r"""
options:
  starter:
    description:
      - Who starts the run, for the journal and for the message others get while it is going on.
      - By default C(ansible:<remote user>@<address of the controller>).
    type: str
  wait_for_running:
    description: Seconds to wait for another run of this stack to finish. With V(0) a busy stack is an error at once.
    type: int
    default: 0
"""
