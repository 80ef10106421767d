"""Stands in for the module of the same name; `folder` is the simulated server's, whose state holds its database."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def main():
    names = {name: {"type": "str", "required": True} for name in ("host", "user", "database", "folder")}
    module = AnsibleModule(
        names | {"port": {"type": "int"}, "sslmode": {"type": "str"}, "password": {"type": "str", "no_log": True}}
    )
    folder = Path(module.params["folder"])
    if (folder / "refuses-backup").exists():
        module.fail_json(msg="Datenbank nicht zu erreichen.")
    database = json.loads((folder / "state.json").read_text())["database"]
    dump = folder / "etikettendruck.dump"
    dump.write_text(json.dumps(database))
    module.exit_json(changed=True, dump=dump.name, message="gesichert")


if __name__ == "__main__":
    main()
