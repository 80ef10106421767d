"""An Ansible inventory for a testbed, written without a YAML library (JSON is YAML)."""

import json
import shlex

from testbed import ssh
from testbed.state import Bed, Host

# ansible.builtin.reboot compares this text before and after; `who -b` knows nothing in a container.
_BOOT_TIME_COMMAND = "systemctl show -p UserspaceTimestamp --value"


def as_yaml(bed: Bed) -> str:
    """Return the inventory of `bed`."""
    hosts = {host.name: _variables(bed, host) for host in bed.hosts.values()}
    shared = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": shlex.join(ssh.options(bed)),
        "testbed__registry": bed.registry,
        "testbed__boot_time_command": _BOOT_TIME_COMMAND,
    }
    groups = {"testbed": {"hosts": hosts, "vars": shared}}
    return json.dumps({"all": {"children": groups}}, indent=2, ensure_ascii=False) + "\n"


def _variables(bed: Bed, host: Host) -> dict[str, object]:
    variables: dict[str, object] = {"ansible_host": host.address, "ansible_port": host.ssh_port}
    if host.login == "password":
        return {**variables, "ansible_password": host.password}
    return {**variables, "ansible_ssh_private_key_file": bed.key}
