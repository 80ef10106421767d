"""playbooks/rotate-secrets.yml on a real host: backups on a server that only takes, an app that people work with."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.e2e.site import HOST, REPOSITORY, ROOT, STACK, VAULT, Site, end
from tests.e2e.updating import STRATEGIES, configure, progress, until
from tests.e2e.watching import assert_only_good_answers, kept, reading, writing
from tests.faults.planted import Onlooker
from upkeep.tickets import ticket

pytestmark = pytest.mark.faults

NAME = "vault__backup_password"
FILE = f"/srv/upkeep/{STACK}/secrets/backup-password"
DATABASE, ROOT_USER, TICKETS = (
    "vault__lager_mongodb_app_password",
    "vault__lager_mongodb_root_password",
    "vault__lager_ticket_secret",
)
WATCHED = "Neue Version wird beobachtet"  # by then all slots are exchanged
SIGN_IN = """
import sys
from pymongo import MongoClient
address = sys.argv[1]
uri = sys.stdin.read().strip().replace("@mongodb:", f"@{address}:").replace("replicaSet=rs0", "directConnection=true")
try:
    print(MongoClient(uri, serverSelectionTimeoutMS=5000).lager.articles.count_documents({}) > 0)
except Exception as exc:
    print(getattr(exc, "code", exc))
"""
LEFT = """
cat > /run/sought
{
  journalctl --no-pager -o cat
  docker ps -aq | xargs docker inspect
  docker images -q | xargs docker inspect
} | grep -cFf /run/sought
grep -rlFf /run/sought /var/lib/upkeep /srv/upkeep /etc/upkeep --exclude-dir=secrets
rm /run/sought
"""
# A registry that wants a log-in: it passes on what whoever may ask asks of the testbed's own.
GUARD = """
import base64, http.server, sys, urllib.request
words = {base64.b64encode(f"bot:{word}".encode()).decode() for word in sys.stdin.read().split()}
class Guard(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization", "").partition(" ")[2] not in words:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="probe"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        asked = urllib.request.Request("http://registry.upkeep.test:5000" + self.path)
        asked.add_header("Accept", self.headers.get("Accept", "*/*"))
        with urllib.request.urlopen(asked) as answer:
            body = answer.read()
            self.send_response(200)
            for name in ("Content-Type", "Docker-Content-Digest"):
                self.send_header(name, answer.headers.get(name, ""))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", 5001), Guard).serve_forever()
"""
GUARDED = "127.0.0.1:5001"  # Docker trusts its own host without TLS
LOGIN_FILE = "/etc/upkeep/docker/config.json"


def renew(site: Site, *names: str) -> None:
    """What an operator does."""
    argv = [sys.executable, "-m", "workshop.secrets", str(site.inventory), "--renew", *names]
    subprocess.run(argv, cwd=ROOT, env=site.environment, check=True, capture_output=True)


def uri(site: Site) -> str:
    """What the slots to come will sign in to the database with."""
    return site.run("sh", "-c", f"cat /srv/upkeep/{STACK}/secrets/mongodb-uri.*")


@contextmanager
def playing(site: Site, *settings: str) -> Iterator[subprocess.Popen[str]]:
    """The playbook while it runs. Whatever fails meanwhile, the next test finds nothing that goes on."""
    with site.begin("rotate-secrets", *settings) as play:
        try:
            yield play
        finally:
            if play.poll() is None:
                play.communicate(timeout=600)


def signs_in(site: Site, address: str) -> str:
    inspect = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    database = site.run("docker", "inspect", "-f", inspect, f"{STACK}-mongodb-1")
    return site.run("/opt/upkeep/current/bin/python", "-c", SIGN_IN, database, stdin=address)


def spend(site: Site, key: str) -> tuple[int, str]:
    """What the door says to a ticket that was signed with this key."""
    now = int(time.time())
    claims = {"v": 1, "aud": "upkeep-door", "stack": STACK, "action": "check-update", "nonce": uuid.uuid4().hex}
    body = {"ticket": ticket.sign(claims | {"iat": now, "exp": now + 60, "sub": "probe"}, key)}
    headers = {"Origin": site.url, "X-Upkeep-Request": "1"}
    answer = requests.post(f"{site.url}/api/system/check-update", json=body, headers=headers, timeout=20)
    return answer.status_code, str(answer.json().get("code", ""))


@pytest.fixture
def rolling(site: Site) -> Iterator[tuple[str, str]]:
    """Two slots. What a playbook is called with, so that they stay."""
    settings = ("-e", site.stack(**STRATEGIES["rolling"]))
    site.play("site", *settings).good()
    yield settings
    configure(site, "recreate")


@pytest.fixture
def never_saved(site: Site) -> None:
    """As if there had been no backup yet."""
    site.run("sh", "-c", f"rm -rf /srv/sicherung/{HOST}/*", host=VAULT)
    site.run("rm", "-f", f"/var/lib/upkeep/{STACK}/backup/memory.json")


@pytest.mark.usefixtures("never_saved")
def test_before_the_first_backup_only_the_repository_is_passed_over(site: Site) -> None:
    before = site.secrets()
    renew(site, NAME, TICKETS)
    shown = site.play("rotate-secrets", "--check").good()
    assert "noch kein Repository" in shown.output
    assert site.run("cat", FILE) == before[NAME]
    done = site.play("rotate-secrets").good()
    assert "noch kein Repository" in done.output
    after = site.secrets()
    assert site.run("cat", FILE) == after[NAME] != before[NAME]
    assert spend(site, before[TICKETS]) == (401, "ticket_invalid")
    assert spend(site, after[TICKETS])[0] == 202
    again = site.play("rotate-secrets").good()
    assert again.changed == 0, again.output


def test_another_password_opens_the_backups_and_the_playbooks_agree_on_it(site: Site) -> None:
    site.play("backup").good()
    before = site.secrets()[NAME]
    renew(site, NAME)
    wanted = site.secrets()[NAME]
    assert site.run("cat", FILE) == before != wanted
    shown = site.play("rotate-secrets", "--check", "--diff").good()
    assert shown.changed > 0
    assert "Das Sicherungsziel bekäme ein neues Passwort." in shown.output
    assert site.run("cat", FILE) == before
    done = site.play("rotate-secrets", "--diff").good()
    assert done.changed > 0
    assert site.run("cat", FILE) == wanted
    assert "gilt noch" in done.output  # this server lets nobody take a key away
    assert "-next" not in site.run("sh", "-c", f"ls {FILE}*")
    assert not [one for one in (before, wanted) if one in shown.output + done.output]
    for name in ("rotate-secrets", "site"):
        again = site.play(name).good()
        assert again.changed == 0, again.output
    site.play("backup").good()
    sheet = site.run("upkeep", "recovery-sheet", STACK, "--into", "-")
    assert "Wiederherstellungsblatt" in sheet


def test_people_work_on_while_the_database_and_the_tickets_get_other_secrets(
    site: Site, rolling: tuple[str, str]
) -> None:
    before, old = site.secrets(), uri(site)
    renew(site, DATABASE, ROOT_USER, TICKETS)
    after = site.secrets()
    sought = [vault[name] for vault in (before, after) for name in (DATABASE, ROOT_USER, TICKETS)]
    shown = site.play("rotate-secrets", "--check", "--diff", *rolling).good()
    assert (uri(site), spend(site, after[TICKETS])) == (old, (401, "ticket_invalid"))
    mark = f"R{time.time():.0f}"
    began = time.monotonic()
    with (
        Onlooker(sought) as onlooker,
        reading(site) as readers,
        writing(site, mark) as writers,
        playing(site, "--diff", *rolling) as play,
    ):
        until(lambda: progress(site)["phase"] == WATCHED, "alle Slots sind getauscht", 300)
        during = {spend(site, vault[TICKETS]) for vault in (before, after)}
        done = end(play, began).good()
    assert during == {(409, "busy")}
    assert_only_good_answers(readers.tally, [site.version()])
    assert_only_good_answers(writers.tally, [site.version()])
    assert (readers.tally.closed_seconds(), writers.tally.closed_seconds()) == (0, 0)
    assert kept(site, mark) == writers.tally.outcomes["ok"], "jede bestätigte Änderung ist da, genau einmal"
    assert (signs_in(site, old), signs_in(site, uri(site))) == ("18", "True")
    assert spend(site, before[TICKETS]) == (401, "ticket_invalid")
    assert spend(site, after[TICKETS])[0] == 202
    assert not [text for text in sought if text in shown.output + done.output]
    assert onlooker.seen == set()
    assert site.run("sh", "-c", LEFT, stdin="\n".join(sought)) == "0"
    again = site.play("rotate-secrets", *rolling).good()
    assert again.changed == 0, again.output


@pytest.mark.parametrize("phase", ["app-1 wird ersetzt", "app-2 wird ersetzt"])
def test_a_change_that_is_shot_in_the_middle_is_finished_by_the_next_call(
    site: Site, rolling: tuple[str, str], phase: str
) -> None:
    old = uri(site)
    renew(site, DATABASE, TICKETS)
    mark = f"S{time.time():.0f}"
    with reading(site) as readers, writing(site, mark) as writers:
        with playing(site, *rolling) as play:
            until(lambda: progress(site)["phase"] == phase, phase, 300)
            play.kill()
            site.run("systemctl", "kill", "--signal=SIGKILL", "upkeep-agent")
        site.play("rotate-secrets", *rolling, "-e", "stack__wait_for_running=300").good()
    assert_only_good_answers(readers.tally, [site.version()])
    assert_only_good_answers(writers.tally, [site.version()])
    assert kept(site, mark) == writers.tally.outcomes["ok"]
    assert (signs_in(site, old), signs_in(site, uri(site))) == ("18", "True")
    assert site.play("rotate-secrets", *rolling).good().changed == 0


@pytest.fixture
def guarded(site: Site) -> Iterator[None]:
    """What the vault will say, and nobody who looks at processes sees."""
    site.run("sh", "-c", "cat > /run/words", stdin="erstes-wort zweites-wort")
    run = ["systemd-run", "--unit=guard", "--property=StandardInput=file:/run/words", "python3", "-c", GUARD]
    site.run(*run)
    yield
    site.run("systemctl", "stop", "guard")
    site.play("site").good()


def with_login(word: str) -> tuple[str, str]:
    login = {"registry": GUARDED, "username": "bot", "password": word}
    image = {"channel": f"{GUARDED}/{REPOSITORY}:stable"}
    allowed = [GUARDED, "registry.upkeep.test:5000"]
    given = {"upkeep_agent__registries": [login], "lager__image": image, "lager__registries_allowed": allowed}
    return "-e", json.dumps(given)


@pytest.mark.usefixtures("guarded")
def test_a_log_in_that_the_registry_refuses_leaves_the_one_in_use(site: Site) -> None:
    site.play("site", *with_login("erstes-wort")).good()
    site.run("upkeep", "check", STACK)
    before = site.run("sha256sum", LOGIN_FILE)
    refused = site.play("rotate-secrets", "--diff", *with_login("falsches-wort"))
    assert refused.code != 0
    assert "HTTP 401: die Anmeldung als bot gilt nicht (mehr)" in refused.output
    assert "Die bisherige Anmeldung bleibt in Gebrauch." in refused.output
    assert site.run("sha256sum", LOGIN_FILE) == before
    site.run("upkeep", "check", STACK)
    done = site.play("rotate-secrets", "--diff", *with_login("zweites-wort")).good()
    assert f"nachgeschlagen: {GUARDED}/{REPOSITORY}:stable" in done.output
    assert site.run("sha256sum", LOGIN_FILE) != before
    assert site.run("ls", "/etc/upkeep/docker") == "config.json"
    site.run("upkeep", "check", STACK)
    assert "-wort" not in refused.output + done.output
    assert site.play("rotate-secrets", *with_login("zweites-wort")).good().changed == 0
    assert site.play("site", *with_login("zweites-wort")).good().changed == 0
