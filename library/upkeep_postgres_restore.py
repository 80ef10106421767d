#!/usr/bin/python
"""Ansible module: restore a PostgreSQL database from a backup, prove one, or take a restore back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upkeep_postgres_restore
short_description: Restore a PostgreSQL database from a backup, prove one, or take a restore back
description:
  - Checks the dump (record, checksum, database, every byte), backs the live database up, loads the dump into a new
    database, counts its rows and gives it the live database's name. Both renames are one transaction; open connections
    are closed. The previous database stays beside it.
  - Until the renames the live database is not touched, whatever fails.
author:
  - Upkeep
attributes:
  check_mode:
    support: full
    description: Checks the dump and the server, changes nothing, says what would happen.
  diff_mode:
    support: none
  idempotent:
    support: partial
    description: V(verified) and V(drilled) leave nothing behind; V(restored) and V(undone) act every time.
options:
  state:
    description:
      - V(verified) reads the dump in full.
      - V(drilled) loads it into a scratch database, too, and drops that.
      - V(restored) gives it the live database's name.
      - V(undone) gives the name back to the database that the last restore put aside.
    type: str
    choices: [verified, drilled, restored, undone]
    required: true
  host:
    description: The server's address.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    default: 5432
  user:
    description: Who may create databases and close connections.
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
    description: Where backups lie, as for M(upkeep_postgres_backup). The safety backup goes there.
    type: path
    required: true
  dump:
    description: A file there, a full path, or V(newest).
    type: str
    default: newest
  programs:
    description: The folder of pg_restore and its kin; by default Debian's newest, or those on C(PATH).
    type: path
"""

EXAMPLES = r"""
- name: Back to last night
  upkeep_postgres_restore:
    state: restored
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
dump:
  description: Which backup it was.
  returned: unless undone
  type: str
aside:
  description: The database that was live before.
  returned: when restored or undone
  type: str
safety:
  description: The backup that was made of it.
  returned: when restored
  type: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.upkeep_controller import ABSENT, POSTGRES_CONNECTION

ARGUMENTS = POSTGRES_CONNECTION | {
    "state": {"type": "str", "choices": ["verified", "drilled", "restored", "undone"], "required": True},
    "database": {"type": "str", "required": True},
    "folder": {"type": "path", "required": True},
    "dump": {"type": "str", "default": "newest"},
}


def main():
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    try:
        from upkeep.errors import UpkeepError
        from upkeep.ports.clock import SystemClock
        from upkeep.postgres.door import programs_of, restore_as_asked
    except ImportError:
        module.fail_json(msg=ABSENT, message=ABSENT)
    given = module.params
    try:
        asked = (given["state"], given["database"], Path(given["folder"]), given["dump"])
        outcome = restore_as_asked(programs_of(given), *asked, clock=SystemClock(), only_plan=module.check_mode)
        module.exit_json(**outcome)
    except UpkeepError as error:
        module.fail_json(msg=str(error), message=str(error), code=error.code)


if __name__ == "__main__":
    main()
