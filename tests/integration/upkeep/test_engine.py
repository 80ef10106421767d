"""The engine on a real host: real Docker, real compose, real gate, real MongoDB, real systemd."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from tests.crowding import crowding
from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.load import Load

pytestmark = pytest.mark.docker


def deploy(host: EngineHost, **changes: object) -> None:
    host.place_stack(stack.files(**changes))  # type: ignore[arg-type]
    host.start_agent()
    report = host.do("deploy")
    assert report["result"] == "updated", report


def test_first_install_serves_and_the_second_deploy_changes_nothing(host: EngineHost) -> None:
    deploy(host)
    assert '"version": "1.0.0"' in host.curl()
    before = host.run("docker", "ps", "-q", "--no-trunc")
    again = host.do("deploy")
    assert (again["result"], again["message"]) == ("unchanged", "Alles ist, wie es sein soll (1.0.0).")
    assert host.run("docker", "ps", "-q", "--no-trunc") == before


def test_update_under_load_shows_only_answers_and_the_maintenance_page(host: EngineHost) -> None:
    deploy(host)
    beyond = []
    for version in ("1.1.0", "1.0.0", "1.1.0"):  # other rooms share the two cores: the best of three counts
        images.channel(version)
        with Load(host) as load:
            report = host.do("update", force=True)
        assert report["result"] == "updated"
        assert load.kinds() == {"200 1.0.0", "503", "200 1.1.0"}
        assert abs(load.window() - report["timings"]["maintenance_s"]) < 0.5 * crowding()
        beyond.append(load.window() - report["timings"]["start_to_ready_s"])
    assert min(beyond) <= 2 * crowding(), beyond


def test_requests_inside_the_gate_are_finished_before_the_app_stops(host: EngineHost) -> None:
    deploy(host)
    images.channel("1.1.0")
    with Load(host, path="/slow=1.5", workers=3) as load:
        report = host.do("update")
    assert report["timings"]["requests_cut"] == 0
    assert load.kinds() == {"200 1.0.0", "503", "200 1.1.0"}


@pytest.mark.parametrize(("version", "reason"), [("1.2.0", "HTTP 503"), ("1.3.0", "app-1 startet nicht")])
def test_broken_version_ends_with_the_old_one_serving_and_a_report_that_says_why(
    host: EngineHost, version: str, reason: str
) -> None:
    deploy(host, update={"ready_timeout": 30 if version == "1.3.0" else 5})
    images.channel(version)
    report = host.do("update")
    assert report["result"] == "rolled_back"
    assert reason in report["message"]
    assert report["last_logs"]
    assert '"version": "1.0.0"' in host.curl()
    assert "zurückgehalten" in host.do("update")["message"]


def test_rollback_goes_to_the_previous_version_and_deploy_leaves_it_there(host: EngineHost) -> None:
    deploy(host)
    images.channel("1.1.0")
    assert host.do("update")["result"] == "updated"
    assert host.do("rollback")["result"] == "updated"
    assert '"version": "1.0.0"' in host.curl()
    assert host.do("deploy")["result"] == "unchanged"
    again = host.do("rollback")
    assert again["result"] == "unchanged"
    assert "1.0.0 läuft schon wieder; 1.1.0 wurde zurückgerollt. Zurückgehalten: 1.1.0 (" in again["message"]


def test_mongodb_is_initiated_and_its_users_can_do_what_they_may_and_nothing_else(host: EngineHost) -> None:
    deploy(host, mongodb=True)
    assert mongo(host, "lager-app", "app-passwort-1", "lager", "client.lager.articles.insert_one({'a': 1})") == "ok"
    assert "not authorized" in mongo(host, "lager-app", "app-passwort-1", "lager", "client.other.x.insert_one({})")
    assert "Authentication failed" in mongo(host, "lager-app", "falsch", "lager", "client.lager.x.find_one()")
    member = mongo(host, "root", "wurzel-passwort-1", "admin", "print(client.admin.command('hello')['me'])")
    assert "mongodb:27017" in member
    assert host.do("deploy")["result"] == "unchanged"


def test_changed_passwords_are_set_and_data_stays(host: EngineHost) -> None:
    deploy(host, mongodb=True)
    mongo(host, "lager-app", "app-passwort-1", "lager", "client.lager.articles.insert_one({'a': 1})")
    secrets = {
        "/srv/upkeep/lager/secrets/mongodb-app": ("app-passwort-2", 0o440, 0, 7310),
        "/srv/upkeep/lager/secrets/mongodb-root": ("wurzel-passwort-2", 0o400, 0, 0),
    }
    host.put(secrets)
    assert host.do("deploy")["result"] == "updated"
    count = "print(client.lager.articles.count_documents({}))"
    assert mongo(host, "lager-app", "app-passwort-2", "lager", count).startswith("1")
    assert mongo(host, "root", "wurzel-passwort-2", "admin", "client.admin.command('ping')") == "ok"
    assert "Authentication failed" in mongo(host, "lager-app", "app-passwort-1", "lager", "client.lager.x.find_one()")


def test_changed_secret_reaches_the_app(host: EngineHost) -> None:
    deploy(host)
    host.put({"/srv/upkeep/lager/secrets/token": ("kurz", 0o440, 0, 7310)})
    assert host.do("deploy")["result"] == "updated"
    assert json.loads(host.curl().rpartition("\n")[0])["secret_read"] == 4
    assert host.do("deploy")["result"] == "unchanged"


def test_changed_gate_configuration_is_loaded_without_a_lost_request(host: EngineHost) -> None:
    deploy(host)
    changed = stack.HAPROXY.replace("timeout queue 2s", "timeout queue 3s") + "    server app-1 app-1:8000\n"
    host.put({"/srv/upkeep/lager/gate-wanted/haproxy.cfg": (changed, 0o644, 0, 0)})
    with Load(host) as load:
        report = host.do("deploy")
    assert report["result"] == "updated"
    assert "maintenance_s" not in report["timings"]
    assert load.kinds() == {"200 1.0.0"}
    assert host.do("deploy")["result"] == "unchanged"


def test_invalid_gate_configuration_is_refused_with_haproxys_own_words(host: EngineHost) -> None:
    deploy(host)
    host.put({"/srv/upkeep/lager/gate-wanted/haproxy.cfg": ("frontend web\n  bind :8080\n  unsinn\n", 0o644, 0, 0)})
    report = host.do("deploy")
    assert report["result"] == "refused"
    assert "unsinn" in report["message"]
    assert '"version": "1.0.0"' in host.curl()


def test_second_slot_is_added_and_removed(host: EngineHost) -> None:
    deploy(host)
    host.place_stack(stack.files(slots=2))
    assert host.do("deploy")["result"] == "updated"
    assert [slot["health"] for slot in host.status()["slots"]] == ["ready", "ready"]
    health = host.ask("GET", "/v1/stacks/lager/health").body
    assert health["healthy"], health
    host.place_stack(stack.files(slots=1))
    assert host.do("deploy")["result"] == "updated"
    assert [slot["name"] for slot in host.status()["slots"]] == ["app-1"]


def test_compose_change_that_does_not_start_returns_to_the_previous_compose_file(host: EngineHost) -> None:
    deploy(host, update={"ready_timeout": 6})
    broken = stack.compose()
    broken["services"]["app-1"]["command"] = ["python3", "-c", "raise SystemExit('kein Schema')"]
    host.put({"/srv/upkeep/lager/compose.yml": (yaml.safe_dump(broken), 0o644, 0, 0)})
    report = host.do("deploy")
    assert report["result"] == "rolled_back"
    assert any("kein Schema" in line for line in report["last_logs"])
    assert '"version": "1.0.0"' in host.curl()


def test_agent_at_rest_is_small_and_does_nothing(host: EngineHost) -> None:
    deploy(host, mongodb=True)
    pid = host.run("systemctl", "show", "-p", "MainPID", "--value", "upkeep-agent").strip()
    for _ in range(3):  # what the machine does besides lengthens a wake-up: the quietest ten seconds count
        before = ticks(host, pid)
        time.sleep(10)
        if (spent := ticks(host, pid) - before) <= 1:
            break
    assert spent <= 1  # a tick is 10 ms, so 0.1 % of these ten seconds
    resident = next(line for line in host.run("cat", f"/proc/{pid}/status").splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) <= 60 * 1024


def ticks(host: EngineHost, pid: str) -> int:
    fields = host.run("cat", f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_failed_first_install_is_healed_by_the_next_deploy(host: EngineHost) -> None:
    images.channel("1.3.0")
    host.place_stack(stack.files(update={"ready_timeout": 6}))
    host.start_agent()
    assert host.do("deploy")["result"] == "failed"
    images.channel("1.0.0")
    assert host.do("deploy")["result"] == "updated"
    assert '"version": "1.0.0"' in host.curl()


def mongo(host: EngineHost, user: str, password: str, database: str, statement: str) -> str:
    """Run a pymongo statement as that user on the container's address; `ok` or what was printed or raised."""
    inspect = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = host.run("docker", "inspect", "-f", inspect, "lager-mongodb-1").strip()
    script = f"""
import sys; sys.path.insert(0, "/opt/upkeep-test")
from pymongo import MongoClient
client = MongoClient({address!r}, directConnection=True, username={user!r}, password={password!r},
                     authSource={database!r}, serverSelectionTimeoutMS=5000)
try:
    {statement}
    print("ok")
except Exception as error:
    print(error)
"""
    return host.run("python3", "-c", script).strip()
