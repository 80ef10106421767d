"""`update --service mongodb` with a real mongod: another image, one that spoils the data, an agent killed over it.

The only mongod to be had here is 6.0.5; the step of the data's format is a real one all the same, from 5.0 to 6.0.
"""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.load import Load

pytestmark = [pytest.mark.docker, pytest.mark.slow]

UPDATE = {"strategy": "recreate", "ready_timeout": 20, "drain_timeout": 5, "minimum_free_mb": 100, "bake": 2}
SPOILER = r"""#!/bin/sh
case "$*" in *--version*) exec /usr/bin/mongod --version;; esac
echo verdorben > /data/db/VERDORBEN
for file in /data/db/collection-*; do echo verdorben > "$file"; done
echo "kann diese Daten nicht lesen" >&2
exit 62
"""
FILES = "cd /var/lib/docker/volumes/lager_mongodb/_data && find . -type f | wc -l && ls | grep -c VERDORBEN"


def mongo_image(tag: str, *lines: str, script: str = "") -> str:
    """A derived image of the testbed's MongoDB in the registry."""
    recipe = "\n".join(["FROM upkeep-testbed/mongo:latest", f"LABEL upkeep.test={tag}", *lines])
    if script:
        escaped = script.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "'\\''")
        recipe += f"\nRUN printf '%b' '{escaped}' > /usr/local/bin/mongod && chmod 755 /usr/local/bin/mongod"
    build = ["docker", "build", "-q", "-t", f"upkeep-mongo:{tag}", "--label", "upkeep.testbed=mongo", "-"]
    environment = {"DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin"}
    subprocess.run(build, input=recipe.encode(), check=True, capture_output=True, env=environment)
    images.testbed("push", f"upkeep-mongo:{tag}", f"library/mongo:{tag}")
    return f"mongo:{tag}"


@pytest.fixture
def stored(host: EngineHost) -> EngineHost:
    """A deployed stack with a thousand documents in a format of 5.0."""
    host.place_stack(stack.files(mongodb=True, update=UPDATE))
    host.start_agent()
    report = host.do("deploy")
    assert report["result"] == "updated", report["message"]
    ask(host, "admin", "client.admin.command({'setFeatureCompatibilityVersion': '5.0'})")
    ask(host, "lager", "client.lager.artikel.insert_many({'_id': n, 'name': 'x' * 500} for n in range(1000))")
    return host


def ask(host: EngineHost, database: str, expression: str) -> str:
    """What an expression of pymongo gives, as MongoDB's root."""
    address = host.run(
        "docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "lager-mongodb-1"
    ).strip()
    script = f"""
import sys; sys.path.insert(0, "/opt/upkeep-test")
from pymongo import MongoClient
client = MongoClient({address!r}, directConnection=True, username="root", password="wurzel-passwort-1",
                     authSource="admin", serverSelectionTimeoutMS=5000)
print({expression})
"""
    return host.run("python3", "-c", script).strip()


def fingerprint(host: EngineHost) -> str:
    return ask(host, "lager", "client.lager.command('dbHash')['md5'], client.lager.artikel.count_documents({})")


def feature(host: EngineHost) -> str:
    wanted = "{'getParameter': 1, 'featureCompatibilityVersion': 1}"
    return ask(host, "admin", f"client.admin.command({wanted})['featureCompatibilityVersion']['version']")


def step(host: EngineHost, to: str) -> dict[str, Any]:
    return host.do("update", service="mongodb", to=to)


def serving(host: EngineHost) -> bool:
    return '"version": "1.0.0"' in host.curl("/api/health", "--retry", "5", "--retry-connrefused")


def test_step_keeps_the_data_and_frees_the_new_format(stored: EngineHost) -> None:
    image = mongo_image("6.0-neu")
    before = fingerprint(stored)
    with Load(stored) as load:
        report = step(stored, image)
    assert report["result"] == "updated", report["message"]
    assert (fingerprint(stored), feature(stored)) == (before, "6.0")
    assert load.kinds() == {"200 1.0.0", "503"}
    assert serving(stored)
    print(f"\n{report['message']} {report['timings']}")
    copy = f"/var/lib/upkeep/lager/copies/{report['id']}"
    assert '"feature": "5.0"' in stored.run("cat", f"{copy}/kopie.json")
    assert "WiredTiger" in stored.run("ls", f"{copy}/data")
    assert step(stored, image)["result"] == "unchanged"
    again = stored.do("deploy")
    assert again["result"] == "unchanged"
    assert "MongoDB läuft mit mongo:6.0-neu, im Inventar steht mongo:6.0." in again["message"]


def test_database_that_spoils_the_data_and_dies_leaves_them_as_they_were(stored: EngineHost) -> None:
    image = mongo_image("6.0-kaputt", script=SPOILER)
    before = fingerprint(stored)
    report = step(stored, image)
    assert report["result"] == "rolled_back", report["message"]
    assert "kann diese Daten nicht lesen" in report["reason"]
    assert (fingerprint(stored), feature(stored)) == (before, "5.0")
    assert stored.run("sh", "-c", FILES, check=False).split()[1] == "0"
    assert serving(stored)
    assert stored.run("ls", "/var/lib/upkeep/lager/copies").strip() == ""
    assert stored.do("deploy")["result"] == "unchanged"


@pytest.mark.faults
@pytest.mark.parametrize("phase", ["copy", "switch", "watch", "restore"])
def test_agent_killed_over_a_step(stored: EngineHost, phase: str) -> None:
    """`restore`: on the way back from the one that spoils."""
    image = mongo_image("6.0-kaputt", script=SPOILER) if phase == "restore" else mongo_image("6.0-neu")
    before = fingerprint(stored)
    run = stored.begin("update", service="mongodb", to=image)
    await_phase(stored, run, phase)
    stored.kill_agent()
    report = stored.report(run, within=240)
    assert report["result"] in ("updated", "rolled_back"), report["message"]
    assert (report["result"] == "rolled_back") == (phase in ("copy", "restore")), report["message"]
    assert fingerprint(stored) == before
    assert serving(stored)
    errands = stored.run("docker", "ps", "-aq", "--filter", "label=upkeep.run")
    assert errands.strip() == ""


def await_phase(host: EngineHost, run: str, phase: str) -> None:
    last = 0
    while True:
        page = host.ask("GET", f"/v1/runs/{run}/events?after={last}&wait=20").body
        if any(event["phase"] == phase for event in page["events"]):
            return
        assert not page["finished"], f"{phase} kam nicht vor"
        last = max((event["n"] for event in page["events"]), default=last)
