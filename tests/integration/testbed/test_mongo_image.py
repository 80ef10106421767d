"""The mongo image keeps the official image's contract: root user from files, then auth is required."""

PASSWORD = "Testbett-Passwort-1"
QUESTION = f'''
import sys, time
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

def client(**login):
    return MongoClient("127.0.0.1", directConnection=True, serverSelectionTimeoutMS=500, **login)

def wait(question, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return question()
        except (AutoReconnect, OperationFailure) as error:
            if time.monotonic() > deadline or getattr(error, "code", None) == 23:
                raise
            time.sleep(0.1)

admin = client(username="chief", password="{PASSWORD}").admin
wait(lambda: admin.command("ping"))
if "init" in sys.argv:
    members = [{{"_id": 0, "host": "mongodb:27017"}}]
    wait(lambda: admin.command("replSetInitiate", {{"_id": "rs0", "members": members}}))
deadline = time.monotonic() + 30
while not admin.command("hello").get("isWritablePrimary") and time.monotonic() < deadline:
    time.sleep(0.05)
print("primary", admin.command("hello")["isWritablePrimary"], admin.command("buildInfo")["version"])
try:
    client().admin.command("listDatabases")
    print("open")
except OperationFailure as error:
    print("locked", error.code)
'''
RUN = f"""
mkdir -p /root/secrets; cd /root/secrets
printf chief >user; printf '%s' '{PASSWORD}' >password; head -c 48 /dev/urandom | base64 -w0 >keyfile
cat >question.py <<'END'
{QUESTION}
END
chown 999:999 *; chmod 400 *
docker run -d --name mongodb --hostname mongodb --user 999:999 --read-only --tmpfs /tmp \\
  --cap-drop ALL --security-opt no-new-privileges -v /root/secrets:/run/secrets:ro \\
  -e MONGO_INITDB_ROOT_USERNAME_FILE=/run/secrets/user -e MONGO_INITDB_ROOT_PASSWORD_FILE=/run/secrets/password \\
  mongo:6.0 --replSet rs0 --keyFile /run/secrets/keyfile --bind_ip_all >/dev/null
timeout 60 docker exec mongodb python3 /run/secrets/question.py init
docker restart mongodb >/dev/null
timeout 60 docker exec mongodb python3 /run/secrets/question.py
"""


def test_replica_set_with_root_user_from_files_requires_login(docker_host):
    docker_host("docker pull --quiet mongo:6.0; docker rm -fv mongodb || true")
    answer = docker_host(RUN)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == ["primary True 6.0.5", "locked 13"] * 2
    traces = docker_host("docker logs mongodb 2>&1; tr '\\0' ' ' </proc/$(pidof mongod)/cmdline; ps aux").stdout
    assert PASSWORD not in traces
    docker_host("docker rm -fv mongodb")


def test_username_without_password_is_refused(docker_host):
    answer = docker_host("docker run --rm -e MONGO_INITDB_ROOT_USERNAME=chief mongo:6.0")
    assert answer.returncode == 1
    assert "belong together" in answer.stderr
