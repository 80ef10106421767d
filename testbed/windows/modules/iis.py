"""Pools and sites of a simulated host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.windows.modules.registry import Answer, ModuleFailed, keep, models

if TYPE_CHECKING:
    from testbed.windows.host import Host

DEFAULT_SITE = {
    "state": "started",
    "physical_path": "%SystemDrive%\\inetpub\\wwwroot",
    "application_pool": "DefaultAppPool",
    "bindings": [{"protocol": "http", "ip": "*", "port": 80, "hostname": ""}],
}


def _need_iis(host: Host) -> None:
    if "Web-Server" not in host.state["features"]:
        raise ModuleFailed("The WebAdministration module is not installed: IIS is missing")
    if "Default Web Site" not in host.state["registry"]:  # comes with the feature, once
        host.state["registry"]["Default Web Site"] = True
        host.state["sites"].setdefault("Default Web Site", DEFAULT_SITE)


@models("microsoft.iis.web_app_pool")
def web_app_pool(host: Host, p: dict[str, Any], check: bool) -> Answer:
    _need_iis(host)
    pools = host.state["pools"]
    if p["state"] == "absent":
        return keep(pools, p["name"], None)
    before = pools.get(p["name"]) or {"state": "started", "attributes": {}, "starts": 0}
    pool = before | {"attributes": before["attributes"] | (p["attributes"] or {})}
    if p["state"] != "present":
        pool["state"] = "stopped" if p["state"] == "stopped" else "started"
    if p["state"] == "restarted" or (pool["state"], before["state"]) == ("started", "stopped"):
        pool["starts"] += 1
    return keep(pools, p["name"], pool)


@models("microsoft.iis.web_app_pool_info")
def web_app_pool_info(host: Host, p: dict[str, Any], check: bool) -> Answer:
    pools = {name: pool for name, pool in host.state["pools"].items() if p["name"] in (None, name)}
    listed = [{"name": name, "attributes": {"state": pool["state"].capitalize()}} for name, pool in pools.items()]
    return {"exists": bool(listed), "app_pools": listed}


@models("microsoft.iis.website")
def website(host: Host, p: dict[str, Any], check: bool) -> Answer:
    _need_iis(host)
    sites = host.state["sites"]
    if p["state"] == "absent":
        return keep(sites, p["name"], None)
    site = dict(
        sites.get(p["name"])
        or {"state": "stopped", "bindings": [], "physical_path": None, "application_pool": "DefaultAppPool"}
    )
    _point(host, site, p, check)
    wanted = (p["bindings"] or {}).get("set")
    if wanted is not None:
        site["bindings"] = [_binding(host, p["name"], binding) for binding in wanted]
    site["state"] = "stopped" if p["state"] == "stopped" else "started"
    answer = keep(sites, p["name"], site)
    return {"changed": answer["changed"] or p["state"] == "restarted"}


def _point(host: Host, site: dict[str, Any], p: dict[str, Any], check: bool) -> None:
    if p["physical_path"]:
        if not check and not host.disk.place(p["physical_path"]).is_dir():
            raise ModuleFailed(f"physical_path '{p['physical_path']}' does not exist")
        site["physical_path"] = p["physical_path"]
    if p["application_pool"]:
        if not check and p["application_pool"] not in host.state["pools"]:
            raise ModuleFailed(f"application_pool '{p['application_pool']}' does not exist")
        site["application_pool"] = p["application_pool"]


def _binding(host: Host, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted["protocol"] == "https" and wanted["certificate_hash"] not in host.state["certificates"]:
        raise ModuleFailed(f"Unable to locate certificate with hash {wanted['certificate_hash']} in the store")
    binding = {
        key: wanted[key]
        for key in ("protocol", "ip", "port", "hostname", "certificate_hash", "use_sni")
        if wanted[key] is not None
    }
    for other, site in host.state["sites"].items():
        if other != name and any(_collide(binding, taken) for taken in site["bindings"]) and site["state"] == "started":
            raise ModuleFailed(f"port {wanted['port']} is already used by site '{other}'")
    return binding


def _collide(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all((one.get(key) or "") == (other.get(key) or "") for key in ("ip", "port", "hostname"))


@models("microsoft.iis.website_info")
def website_info(host: Host, p: dict[str, Any], check: bool) -> Answer:
    sites = {name: site for name, site in host.state["sites"].items() if p["name"] in (None, name)}
    return {"exists": bool(sites), "site": [{"name": name, **site} for name, site in sites.items()]}
