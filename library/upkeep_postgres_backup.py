#!/usr/bin/python
"""Ansible module: back a PostgreSQL database up over TCP, read back in full."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_postgres_backup
short_description: Back a PostgreSQL database up over TCP, read back in full
description:
  - Writes C(pg_dump -Fc) of one snapshot, counts rows per table in the same snapshot, reads every byte back,
    saves roles, checksum and record, and only then gives it its name.
  - Removes what is older than O(keep_days), never the newest.
  - Runs on the controller, or on any Linux host that has the project's Python environment and PostgreSQL's programs, at
    least as new as the server.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Asks the server and the disk, writes nothing, says what would happen.
  diff_mode:
    support: none
  idempotent:
    support: none
    description: Every call makes a backup.
options:
  host:
    description: The server's address.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    default: 5432
  user:
    description: Who may read the whole database. Password hashes of roles only a superuser can save.
    type: str
    required: true
  password:
    description: Its password. Reaches PostgreSQL's programs in a file of mode 0600.
    type: str
    default: ""
  sslmode:
    description: As libpq knows it.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: prefer
  database:
    description: Which database.
    type: str
    required: true
  folder:
    description: Where backups lie; each database has a folder of its own in it.
    type: path
    required: true
  keep_days:
    description: Older ones go, after a good one was made.
    type: int
    default: 30
  with_globals:
    description: Whether roles and their settings are saved, too.
    type: bool
    default: true
  drill:
    description: Whether the backup is loaded into a scratch database right away, counted and dropped.
    type: bool
    default: false
  programs:
    description: The folder of pg_dump and its kin; by default Debian's newest, or those on C(PATH).
    type: path
"""

EXAMPLES = r"""
- name: A backup before the release
  upkeep_postgres_backup:
    host: db1.example.org
    user: postgres
    password: "{{ vault__postgres_password }}"
    database: etikettdrucker
    folder: /srv/backup/postgres
  delegate_to: localhost
"""

RETURN = r"""
message:
  description: What happened, in German; on failure also in C(msg).
  returned: always
  type: str
  sample: "„etikettdrucker“ gesichert und ganz zurückgelesen: etikettdrucker-20261121T020000Z.dump, 3.1 MB, …"
dump:
  description: The backup's file.
  returned: when one was made
  type: str
backup:
  description: Its record (database, taken_at, server, size, sha256, counts …).
  returned: when one was made
  type: dict
removed:
  description: Backups that went because of their age (in check mode, would go).
  returned: success
  type: list
  elements: str
drill:
  description: What the scratch restore showed.
  returned: when O(drill)
  type: str
"""

from dataclasses import asdict
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_controller import ABSENT, POSTGRES_CONNECTION

ARGUMENTS = POSTGRES_CONNECTION | {
    "database": {"type": "str", "required": True},
    "folder": {"type": "path", "required": True},
    "keep_days": {"type": "int", "default": 30},
    "with_globals": {"type": "bool", "default": True},
    "drill": {"type": "bool", "default": False},
}


def main():
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    try:
        from upkeep.errors import UpkeepError
        from upkeep.ports.clock import SystemClock
        from upkeep.ports.files import DiskFiles
        from upkeep.postgres import backup, drill
        from upkeep.postgres.door import programs_of
        from upkeep.postgres.verification import Proof
    except ImportError:
        module.fail_json(msg=ABSENT, message=ABSENT)
    given, clock, files = module.params, SystemClock(), DiskFiles()
    programs = programs_of(given)
    wish = backup.Wish(given["database"], Path(given["folder"]), given["keep_days"], given["with_globals"])
    try:
        if module.check_mode:
            known = backup.plan(programs, wish, clock.now(), files)
            module.exit_json(changed=True, message=known.message, removed=list(known.expiring))
        made = backup.back_up(programs, wish, clock, files)
        shown = {"message": made.message, "dump": str(made.dump), "backup": asdict(made.backup)}
        if given["drill"]:
            shown["drill"] = drill.drill(programs, Proof(made.dump, made.backup), clock).message
        module.exit_json(changed=True, removed=list(made.removed), **shown)
    except UpkeepError as error:
        module.fail_json(msg=str(error), message=str(error), code=error.code)


if __name__ == "__main__":
    main()
