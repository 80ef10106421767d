"""Stands in for the module of the same name: puts the simulated server's database back."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def main():
    names = {name: {"type": "str", "required": True} for name in ("state", "host", "user", "database", "folder")}
    names |= {"dump": {"type": "str", "default": "etikettendruck.dump"}}
    module = AnsibleModule(
        names | {"port": {"type": "int"}, "sslmode": {"type": "str"}, "password": {"type": "str", "no_log": True}}
    )
    folder = Path(module.params["folder"])
    if (folder / "refuses-backup").exists():
        module.fail_json(msg="Datenbank nicht zu erreichen.")
    file = folder / "state.json"
    state = json.loads(file.read_text())
    state["database"] = json.loads((folder / module.params["dump"]).read_text())
    file.with_suffix(".part").write_text(json.dumps(state))
    file.with_suffix(".part").replace(file)
    (folder / "restored").touch()
    module.exit_json(changed=True, message="zurückgeholt")


if __name__ == "__main__":
    main()
