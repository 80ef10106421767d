"""Firewall, access rights, shares and accounts of a simulated host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.windows.modules.registry import Answer, ModuleFailed, keep, models, set_keys

if TYPE_CHECKING:
    from testbed.windows.host import Host


@models("ansible.windows.win_firewall")
def win_firewall(host: Host, p: dict[str, Any], check: bool) -> Answer:
    changes = [keep(host.state["profiles"], profile, set_keys(p, "profiles"))["changed"] for profile in p["profiles"]]
    return {"changed": any(changes)}


@models("community.windows.win_firewall_rule")
def win_firewall_rule(host: Host, p: dict[str, Any], check: bool) -> Answer:
    return keep(host.state["firewall"], p["name"], set_keys(p, "state") if p["state"] == "present" else None)


@models("ansible.windows.win_acl")
def win_acl(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if not host.disk.exists(p["path"]):
        raise ModuleFailed(f"{p['path']} file or directory does not exist on the host")
    rule = "|".join([p["path"].lower(), p["user"].lower(), p["type"]])
    return keep(host.state["access"], rule, {"rights": p["rights"]} if p["state"] == "present" else None)


@models("ansible.windows.win_acl_inheritance")
def win_acl_inheritance(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if not host.disk.exists(p["path"]):
        raise ModuleFailed(f"Path '{p['path']}' does not exist")
    inherits = p["state"] == "present"
    before = host.state["inheritance"].get(p["path"].lower(), True)
    host.state["inheritance"][p["path"].lower()] = inherits
    return {"changed": before != inherits}


@models("ansible.windows.win_share")
def win_share(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if p["state"] == "present" and not host.disk.exists(p["path"]):
        raise ModuleFailed(f"{p['path']} directory does not exist on the host")
    return keep(host.state["shares"], p["name"], set_keys(p, "state") if p["state"] == "present" else None)


@models("ansible.windows.win_user")
def win_user(host: Host, p: dict[str, Any], check: bool) -> Answer:
    wanted = set_keys(p, "state", "password", "update_password") if p["state"] == "present" else None
    return keep(host.state["users"], p["name"], wanted)
