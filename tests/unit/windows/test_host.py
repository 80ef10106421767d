"""The simulated Windows host: real specs, state, faults, check mode; loud where it knows nothing."""

from __future__ import annotations

import json
import zipfile

import pytest

from testbed.windows.faults import Fault
from testbed.windows.host import Gone, Host
from tests.unit.windows.conftest import Ask

IIS = "microsoft.iis.website"
POOL = "microsoft.iis.web_app_pool"
FILE = "ansible.windows.win_file"
RELEASE = r"C:\inetpub\etik\releases\1.0.0"
HANDLER = (
    '<configuration><system.webServer><httpPlatform processPath="node.exe" '
    r'arguments="--env-file=C:\inetpub\etik\shared\.env.production build\index.js"/></system.webServer></configuration>'
)


def test_an_argument_that_the_real_module_does_not_know_is_refused(ask: Ask) -> None:
    answer = ask(POOL, name="etik", stat="started")
    assert answer["failed"]
    assert "stat. Supported parameters include" in answer["msg"]


def test_a_value_that_the_real_module_does_not_know_is_refused(ask: Ask) -> None:
    assert "must be one of" in ask(POOL, name="etik", state="runing")["msg"]


def test_what_only_the_powershell_says_counts_too(ask: Ask) -> None:
    assert "required by 'password': username" in ask("ansible.windows.win_service", name="x", password="y")["msg"]
    both = ask(IIS, name="x", bindings={"set": [{"port": 80}], "add": [{"port": 81}]})
    assert "mutually exclusive: set|add" in both["msg"]


def test_a_module_without_a_model_fails_loudly(ask: Ask) -> None:
    answer = ask("ansible.windows.win_hotfix", hotfix_kb="KB1", state="present")
    assert answer["failed"]
    assert "nicht nachgebildet" in answer["msg"]


def test_a_module_that_no_collection_has_fails_loudly(ask: Ask) -> None:
    assert "kein PowerShell-Modul dieses Namens" in ask("ansible.windows.win_magic", name="x")["msg"]


def test_paths_are_the_same_in_any_case(ask: Ask, host: Host) -> None:
    assert ask(FILE, path=r"C:\Inetpub\App", state="directory")["changed"]
    assert not ask(FILE, path=r"c:\INETPUB\app", state="directory")["changed"]
    assert host.disk.exists("C:/inetpub/APP")


@pytest.mark.parametrize("path", ["relative\\x", "C:\\a\\..\\b", "C:\\a?b", "C:\\ends. \\x", "C:\\" + "x" * 300])
def test_windows_would_not_take_this_path(ask: Ask, path: str) -> None:
    assert ask(FILE, path=path, state="directory")["failed"]


def test_state_survives_and_a_second_time_changes_nothing(ask: Ask, host: Host) -> None:
    feature = {"name": ["Web-Server"], "state": "present"}
    assert ask("ansible.windows.win_feature", **feature)["changed"]
    assert not ask("ansible.windows.win_feature", **feature)["changed"]
    assert Host("win1", host.folder).state["features"] == ["Web-Server"]


def test_check_mode_says_what_would_change_and_changes_nothing(ask: Ask, host: Host) -> None:
    ask("ansible.windows.win_feature", name=["Web-Server"], state="present")
    assert ask(POOL, check=True, name="etik", state="started")["changed"]
    assert ask(FILE, check=True, path=r"C:\x", state="directory")["changed"]
    assert "etik" not in host.state["pools"]
    assert not host.disk.exists(r"C:\x")


def test_iis_wants_to_be_installed_first(ask: Ask) -> None:
    assert "IIS is missing" in ask(POOL, name="etik", state="started")["msg"]


def test_a_site_needs_its_folder_its_pool_and_a_free_binding(ask: Ask) -> None:
    ask("ansible.windows.win_feature", name=["Web-Server"], state="present")
    site = {"name": "etik", "physical_path": RELEASE, "application_pool": "etik"}
    assert "does not exist" in ask(IIS, **site)["msg"]
    ask(FILE, path=RELEASE, state="directory")
    assert "application_pool" in ask(IIS, **site)["msg"]
    ask(POOL, name="etik", state="started")
    taken = ask(IIS, **site, bindings={"set": [{"port": 80, "ip": "*", "protocol": "http"}]})
    assert "already used by site 'Default Web Site'" in taken["msg"]
    ask(IIS, name="Default Web Site", state="absent")
    assert ask(IIS, **site, bindings={"set": [{"port": 80, "ip": "*", "protocol": "http"}]})["changed"]


def test_a_certificate_has_to_be_in_the_store(ask: Ask) -> None:
    ask("ansible.windows.win_feature", name=["Web-Server"], state="present")
    binding = {"port": 443, "ip": "*", "protocol": "https", "certificate_hash": "AB"}
    assert "certificate with hash AB" in ask(IIS, name="etik", bindings={"set": [binding]})["msg"]


def serving(ask: Ask, host: Host) -> None:
    ask("ansible.windows.win_feature", name=["Web-Server"], state="present")
    host.disk.write(f"{RELEASE}\\web.config", HANDLER)
    host.disk.write(f"{RELEASE}\\manifest.json", json.dumps({"version": "1.0.0"}))
    host.disk.write(f"{RELEASE}\\build\\index.js", "")
    host.disk.write(r"C:\inetpub\etik\shared\.env.production", "A=1")
    host.disk.write(r"C:\Program Files\nodejs\node.exe", "")
    ask(POOL, name="etik", state="started")
    binding = {"port": 8080, "ip": "*", "protocol": "http"}
    ask(IIS, name="etik", physical_path=RELEASE, application_pool="etik", bindings={"set": [binding]})


def health(ask: Ask) -> dict[str, object]:
    return ask("ansible.windows.win_uri", url="http://127.0.0.1:8080/api/health", return_content=True)


def test_the_application_answers_when_all_it_needs_is_there(ask: Ask, host: Host) -> None:
    serving(ask, host)
    assert health(ask)["json"]["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("missing", "status"),
    [
        (r"C:\inetpub\etik\shared\.env.production", 502),
        (r"C:\Program Files\nodejs\node.exe", 502),
        (f"{RELEASE}\\manifest.json", 502),
        (f"{RELEASE}\\web.config", 404),
    ],
)
def test_it_does_not_answer_without_one_of_them(ask: Ask, host: Host, missing: str, status: int) -> None:
    serving(ask, host)
    host.disk.remove(missing)
    assert health(ask)["status_code"] == status
    assert health(ask)["failed"]


def test_a_stopped_pool_answers_503_and_a_stopped_site_not_at_all(ask: Ask, host: Host) -> None:
    serving(ask, host)
    ask(POOL, name="etik", state="stopped")
    assert health(ask)["status_code"] == 503
    ask(IIS, name="etik", state="stopped")
    assert "Unable to connect" in health(ask)["msg"]


def test_a_fault_refuses_without_doing(ask: Ask, host: Host) -> None:
    host.plant(Fault("fail", "win_file", {"path": "x"}, message="Zugriff verweigert"))
    assert ask(FILE, path=r"C:\x", state="directory")["msg"] == "Zugriff verweigert"
    assert not host.disk.exists(r"C:\x")
    assert ask(FILE, path=r"C:\x", state="directory")["changed"]


def test_a_fault_can_strike_after_the_deed(ask: Ask, host: Host) -> None:
    host.plant(Fault("fail_after", "win_file"))
    assert ask(FILE, path=r"C:\x", state="directory")["failed"]
    assert host.disk.exists(r"C:\x")


def test_a_host_can_be_gone_for_some_calls(ask: Ask, host: Host) -> None:
    host.plant(Fault("unreachable", "win_file", calls=2))
    for _ in range(2):
        with pytest.raises(Gone):
            ask(FILE, path=r"C:\x", state="directory")
    assert ask(FILE, path=r"C:\x", state="directory")["changed"]


def test_a_restart_brings_the_pools_back(ask: Ask, host: Host) -> None:
    serving(ask, host)
    ask(POOL, name="etik", state="stopped")
    host.plant(Fault("reboot", "win_ping"))
    with pytest.raises(Gone):
        ask("ansible.windows.win_ping")
    assert host.state["pools"]["etik"]["state"] == "started"


def test_a_fault_strikes_at_a_call_by_its_number(ask: Ask, host: Host) -> None:
    host.plant(Fault("fail", call=2))
    assert not ask("ansible.windows.win_ping").get("failed")
    assert ask("ansible.windows.win_ping")["failed"]


def test_an_archive_that_climbs_out_is_refused(ask: Ask, host: Host) -> None:
    host.disk.write(r"C:\a.zip", b"")
    with zipfile.ZipFile(host.disk.place(r"C:\a.zip"), "w") as archive:
        archive.writestr("../evil.txt", "x")
    assert "unzulässiger Name" in ask("community.windows.win_unzip", src=r"C:\a.zip", dest=r"C:\b")["msg"]


def test_every_call_is_written_down(ask: Ask, host: Host) -> None:
    ask("ansible.windows.win_ping")
    ask(POOL, name="etik", state="runing")
    assert [entry["module"] for entry in host.calls()] == ["ansible.windows.win_ping", POOL]
    assert "failed" in host.calls()[1]
