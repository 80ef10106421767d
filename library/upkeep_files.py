#!/usr/bin/python
"""Ansible module: a whole tree of files in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_files
short_description: Place a whole tree of files, directories and removals in one task
description:
  - Makes any number of files, directories and removals true in one task, about ten times faster than one task each.
  - Everything is validated before anything is written. All new contents are staged and synced beside their targets
    before the first one is renamed into place, so each file is at any moment the old or the new one, never a part.
  - Equal files are not rewritten. A symbolic link in the place of a file is replaced by the file.
  - Needs nothing but Python's standard library on the host, no agent.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Reads only. An owner, group or parent directory that an earlier task would have made may be missing.
  diff_mode:
    support: full
    description: Contents like the template module's; of secret files and of files over 100 kB only that they differ.
  idempotent:
    support: full
    description: Contents, modes and owners are compared with the disk.
options:
  files:
    description:
      - The files, each a dictionary. The option as a whole counts as secret, so no content reaches the host's log;
        the result names paths, modes and owners, and no contents.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path. Its directory exists, or is listed in O(directories).
        type: path
        required: true
      content:
        description: The text, written as UTF-8. Exactly one of O(files[].content) and O(files[].src_b64).
        type: str
      src_b64:
        description: The bytes, as Base64.
        type: str
      mode:
        description: Four octal digits in quotes.
        type: str
        default: "0644"
      owner:
        description: Name or number of the user. A number need not exist on the host.
        type: str
        default: root
      group:
        description: Name or number of the group. A number need not exist on the host.
        type: str
        default: root
      secret:
        description: The content is a secret. It must not be empty, and neither the old nor the new one is ever shown.
        type: bool
        default: false
  directories:
    description:
      - The directories, each a dictionary with C(path), C(mode) (default V(0755)), C(owner) and C(group)
        (default V(root)).
      - Parents are not made by themselves; list them too.
    type: list
    elements: dict
    default: []
  absent:
    description: Paths of files, links and empty directories that shall not be there.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Place the stack's files
  upkeep_files:
    directories:
      - path: /srv/upkeep/lager
      - path: /srv/upkeep/lager/secrets
        mode: "0750"
    files:
      - path: /srv/upkeep/lager/compose.yml
        content: "{{ lookup('ansible.builtin.template', 'compose.yml.j2') }}"
      - path: /srv/upkeep/lager/secrets/session
        content: "{{ vault__lager_session }}"
        mode: "0440"
        group: "7310"
        secret: true
    absent:
      - /srv/upkeep/lager/compose.override.yml
"""

RETURN = r"""
changed_paths:
  description: The paths that differed, in the order in which they were written.
  returned: success
  type: list
  elements: str
  sample: [/srv/upkeep/lager/compose.yml]
message:
  description: One German sentence about what was (in check mode would be) done.
  returned: success
  type: str
  sample: "2 von 14 Pfaden geändert."
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_placing import PlacingFailed, carry_out, diffs, plan
from ansible.module_utils.upkeep_tree import Tree, TreeInvalid, parse

ARGUMENTS = {
    # As a whole no_log: the host's log gets none of it. Afterwards only the secret contents stay masked (see masked).
    "files": {"type": "list", "elements": "dict", "default": [], "no_log": True},
    "directories": {"type": "list", "elements": "dict", "default": []},
    "absent": {"type": "list", "elements": "str", "default": []},
}


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    files, directories, absent = (module.params[name] for name in ARGUMENTS)
    module.no_log_values = masked(files)
    invocation = {"module_args": {"files": [shown(raw) for raw in files], "directories": directories, "absent": absent}}
    try:
        tree = parse(files, directories, absent, module.check_mode)
        changes = plan(tree)
        if not module.check_mode:
            carry_out(changes)
    except (TreeInvalid, PlacingFailed) as error:
        module.fail_json(msg=str(error), invocation=invocation)
    for doubt in tree.doubts:
        module.warn(f"Im Prüflauf noch nicht vorhanden: {doubt}")
    diff = {"diff": diffs(changes)} if module._diff else {}
    module.exit_json(changed=bool(changes), invocation=invocation, **summary(tree, changes, module.check_mode), **diff)


def summary(tree: Tree, changes: list, check_mode: bool) -> dict:
    paths = list(dict.fromkeys(str(change.path) for change in changes))
    total = len(tree.files) + len(tree.directories) + len(tree.absent)
    verb = "zu ändern" if check_mode else "geändert"
    return {"changed_paths": paths, "message": f"{len(paths)} von {total} Pfaden {verb}."}


def masked(files: list[dict]) -> set[str]:
    """The secret contents and their longer lines, so that they can appear in no part of the result."""
    contents = [str(raw[key]) for raw in files for key in ("content", "src_b64") if raw.get("secret") and raw.get(key)]
    lines = [line for content in contents for line in content.splitlines() if len(line) >= 8]
    return {text for text in (*contents, *(content.strip() for content in contents), *lines) if text}


def shown(raw: dict) -> dict:
    return {key: value for key, value in raw.items() if key not in ("content", "src_b64")}


if __name__ == "__main__":
    main()
