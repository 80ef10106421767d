"""Ansible ships module_utils as `ansible.module_utils`; for plain Python they are put there."""

from __future__ import annotations

from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[3]

for folder in (ROOT / "module_utils", ROOT / "roles" / "upkeep_agent" / "module_utils"):
    if str(folder) not in ansible.module_utils.__path__:
        ansible.module_utils.__path__.append(str(folder))
