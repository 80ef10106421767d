"""Connection plugin for tests: replaces the last hop to a Windows host by testbed.windows.host."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.connection import ConnectionBase

from testbed.windows.host import Gone, Host

DOCUMENTATION = """
name: simulated_windows
short_description: simulated Windows host
description: Answers for a Windows host in tests.
author: Upkeep
options:
  state_folder:
    description: Where the hosts' state lies.
    type: path
    required: true
    vars: [{name: simulated_windows_folder}]
"""
SEPARATOR = b"\n\0\0\0\0\n"  # between the bootstrap script and the manifest
HOME = r"C:\Users\ansible"
REMOVAL = re.compile(r"Remove-Item '([^']+)' -Force")

Answer = tuple[int, bytes, bytes]


class Connection(ConnectionBase):
    transport = "simulated_windows"
    module_implementation_preferences = (".ps1", ".exe", "")
    has_pipelining = True
    always_pipeline_modules = True
    allow_executable = False
    has_tty = False

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._shell_type = "powershell"

    def _connect(self) -> Connection:
        # The inventory's name, whatever address it has.
        self.host = Host(
            self._play_context.remote_addr, Path(self.get_option("state_folder")) / self._play_context.remote_addr
        )
        self._connected = True
        return self

    def close(self) -> None:
        self._connected = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Answer:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if in_data and in_data.lstrip().startswith(b"{"):
            return self._manifest(json.loads(in_data.split(SEPARATOR)[1]))
        encoded = re.search(r"-EncodedCommand (\S+)", cmd)
        return self._raw(base64.b64decode(encoded.group(1)).decode("utf-16-le") if encoded else cmd)

    def _manifest(self, manifest: dict[str, Any]) -> Answer:
        action = manifest["actions"][-1]
        name, parameters = action["name"], action["params"]
        if name == "powershell_mkdtemp.ps1":
            folder = f"C:\\Temp\\{parameters['Name']}"
            self.host.disk.place(folder).mkdir(parents=True, exist_ok=True)
            return 0, to_bytes(folder + "\r\n"), b""
        if name == "powershell_expand_user.ps1":
            return 0, to_bytes(parameters["Path"].replace("~", HOME) + "\r\n"), b""
        if name == "module_wrapper.ps1":
            return self._module(parameters)
        raise AnsibleError(f"simulierter Windows-Host: {name} ist nicht nachgebildet")

    def _module(self, parameters: dict[str, Any]) -> Answer:
        arguments = next((v["Value"] for v in parameters.get("Variables", []) if v["Name"] == "complex_args"), {})
        self.host.environment = parameters.get("Environment") or {}
        try:
            answer = self.host.module(parameters["Script"], arguments)
        except Gone as gone:
            raise AnsibleConnectionFailure(str(gone)) from gone
        return int(bool(answer.get("failed"))), to_bytes(json.dumps(answer, default=str)), b""

    def _raw(self, script: str) -> Answer:
        if removal := REMOVAL.search(script):
            self.host.disk.remove(removal.group(1))
            return 0, b"", b""
        return 1, b"", to_bytes(f"simulierter Windows-Host: Skript ist nicht nachgebildet: {script[:200]}")

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        place = self.host.disk.place(out_path)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(in_path, place)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        shutil.copyfile(self.host.disk.place(in_path), out_path)
