#!/usr/bin/python
"""Ansible module: judge a release package for Windows servers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_package
short_description: Judge a release package for Windows servers
description:
  - Reads a release package (zip with C(manifest.json), its hash beside it) in full and fails unless it is whole,
    unchanged, of the right application and complete for servers without internet.
  - Runs on the controller (C(delegate_to=localhost)). Changes nothing.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It only reads.
  idempotent:
    support: full
options:
  path:
    description: The zip.
    type: path
    required: true
  app:
    description: The application it has to be of.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The package is good
  upkeep_package:
    path: /srv/packages/etikettendruck-1.4.0.zip
    app: etikettendruck
  delegate_to: localhost
"""

RETURN = r"""
message:
  description: What it is, in German; on failure C(msg).
  returned: always
  type: str
  sample: "etikettendruck 1.4.0, 812 Dateien."
version:
  description: Its version.
  returned: success
  type: str
sha256:
  description: The zip's hash.
  returned: success
  type: str
migrations:
  description: Whether it changes the database.
  returned: success
  type: bool
backward_compatible:
  description: Whether the version before can work with the database afterwards.
  returned: success
  type: bool
seeds:
  description: Whether it brings a program that makes the first user.
  returned: success
  type: bool
"""

from dataclasses import asdict
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_controller import ABSENT

ARGUMENTS = {"path": {"type": "path", "required": True}, "app": {"type": "str", "required": True}}


def main():
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    try:
        from upkeep.windows_package import PackageRefused, read_package
    except ImportError:
        module.fail_json(msg=ABSENT)
    try:
        package = read_package(Path(module.params["path"]), module.params["app"])
    except PackageRefused as refused:
        module.fail_json(msg=str(refused))
    message = f"{package.app} {package.version}, {package.files} Dateien."
    module.exit_json(changed=False, message=message, **asdict(package))


if __name__ == "__main__":
    main()
