"""Features, packages, services, settings, scheduled tasks of a simulated host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.windows.modules import postgres
from testbed.windows.modules.registry import Answer, ModuleFailed, keep, models, set_keys

if TYPE_CHECKING:
    from testbed.windows.host import Host

GIGABYTE = 1024**3
# What an installer puts on the disk, by what its task looks for.
SERVICE_ACTIONS = {"started": "running", "stopped": "stopped", "restarted": "running", "paused": "paused"}


@models("ansible.windows.win_ping")
def win_ping(host: Host, p: dict[str, Any], check: bool) -> Answer:
    return {"ping": p["data"]}


@models("ansible.windows.setup")
def setup(host: Host, p: dict[str, Any], check: bool) -> Answer:
    machine = host.state["machine"]
    facts = {
        "ansible_os_family": "Windows",
        "ansible_system": "Win32NT",
        "ansible_hostname": host.name,
        "ansible_distribution": "Microsoft Windows Server 2022 Standard",
        "ansible_distribution_version": machine["build"],
        "ansible_processor_vcpus": machine["cores"],
        "ansible_memtotal_mb": machine["memory_mb"],
    }
    return {"ansible_facts": facts}


@models("community.windows.win_disk_facts")
def win_disk_facts(host: Host, p: dict[str, Any], check: bool) -> Answer:
    machine = host.state["machine"]
    volume = {"size": machine["disk_gb"] * GIGABYTE, "size_remaining": machine["free_gb"] * GIGABYTE}
    return {"ansible_facts": {"disks": [{"partitions": [{"drive_letter": "C", "volumes": [volume]}]}]}}


@models("ansible.windows.win_feature")
def win_feature(host: Host, p: dict[str, Any], check: bool) -> Answer:
    before = set(host.state["features"])
    after = before | set(p["name"]) if p["state"] == "present" else before - set(p["name"])
    host.state["features"] = sorted(after)
    return {"changed": after != before, "reboot_required": False, "feature_result": []}


@models("ansible.windows.win_package")
def win_package(host: Host, p: dict[str, Any], check: bool) -> Answer:
    name = p["product_id"] or p["creates_path"] or p["creates_service"] or p["path"]
    present = _is_installed(host, p, name)
    if p["state"] == "present" and not present:
        if p["path"] and not host.disk.exists(p["path"]):
            raise ModuleFailed(f"the file at the path '{p['path']}' cannot be reached")
        if not check:
            _install(host, p, name)
    if p["state"] == "absent":
        host.state["packages"].pop(name, None)
    return {"changed": present != (p["state"] == "present"), "reboot_required": False, "rc": 0}


def _is_installed(host: Host, p: dict[str, Any], name: str) -> bool:
    installed = host.state["packages"].get(name)
    return installed is not None and (p["creates_version"] is None or installed["version"] == p["creates_version"])


def _install(host: Host, p: dict[str, Any], name: str) -> None:
    host.state["packages"][name] = {"version": p["creates_version"], "arguments": p["arguments"]}
    if p["creates_path"]:
        host.disk.write(p["creates_path"], f"{name} {p['creates_version']}")
    if (p["creates_service"] or "").startswith(postgres.SERVICE):
        postgres.install(host, p["creates_service"], p["arguments"])
    if p["creates_service"]:
        host.state["services"][p["creates_service"]] = {"state": "running", "start_mode": "auto"}


@models("ansible.windows.win_service")
def win_service(host: Host, p: dict[str, Any], check: bool) -> Answer:
    services = host.state["services"]
    if p["state"] == "absent":
        return keep(services, p["name"], None) | {"exists": False}
    service = dict(services.get(p["name"]) or _new_service(p))
    service |= set_keys(p, "name", "state", "password", "update_password")
    if p["state"]:
        before, service["state"] = service["state"], SERVICE_ACTIONS[p["state"]]
        if p["state"] == "restarted" or (before, service["state"]) == ("stopped", "running"):
            service["starts"] = service.get("starts", 0) + 1
    answer = keep(services, p["name"], service)
    restarted = p["state"] == "restarted"
    return {"changed": answer["changed"] or restarted, "exists": True, "state": service["state"]}


def _new_service(p: dict[str, Any]) -> dict[str, Any]:
    if not p["path"]:
        raise ModuleFailed(f"Service '{p['name']}' is not installed, need to set 'path' to create a new service")
    return {"state": "stopped", "start_mode": "auto"}


@models("ansible.windows.win_environment")
def win_environment(host: Host, p: dict[str, Any], check: bool) -> Answer:
    wanted = p["variables"] or {p["name"]: p["value"] if p["state"] == "present" else None}
    before = dict(host.state["environment"])
    host.state["environment"] = {k: v for k, v in (before | wanted).items() if v is not None}
    return {"changed": host.state["environment"] != before}


@models("ansible.windows.win_regedit")
def win_regedit(host: Host, p: dict[str, Any], check: bool) -> Answer:
    wanted = {"data": p["data"], "type": p["type"]} if p["state"] == "present" else None
    return keep(host.state["registry"], f"{p['path']}\\{p['name'] or ''}", wanted)


@models("ansible.windows.win_timezone")
def win_timezone(host: Host, p: dict[str, Any], check: bool) -> Answer:
    return keep(host.state["registry"], "timezone", {"name": p["timezone"]})


@models("ansible.windows.win_eventlog")
def win_eventlog(host: Host, p: dict[str, Any], check: bool) -> Answer:
    return keep(host.state["event_sources"], p["name"], set_keys(p, "state") if p["state"] == "present" else None)


@models("community.windows.win_scheduled_task")
def win_scheduled_task(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if p["state"] == "present" and not p["actions"]:
        raise ModuleFailed("at least one action must be defined")
    name = f"{p['path'].rstrip(chr(92))}\\{p['name']}"
    return keep(host.state["tasks"], name, set_keys(p, "password") if p["state"] == "present" else None)


@models("ansible.windows.win_listen_ports_facts")
def win_listen_ports_facts(host: Host, p: dict[str, Any], check: bool) -> Answer:
    """What a test planted, and IIS, which listens as `System`."""
    bound = [binding for site in host.state["sites"].values() for binding in site["bindings"]]
    own = [{"port": binding["port"], "name": "System", "pid": 4, "protocol": "tcp"} for binding in bound]
    return {"ansible_facts": {"tcp_listen": own + host.state["listeners"], "udp_listen": []}}
