"""The smallest app an update can be tried on. BEHAVIOUR of the image: good, sick (503), crash, liar (version), ugly
(start page fails; ugly-2: only in slot app-2), fading (500 after FADES seconds), rotten (the same, but healthy), greedy
(for memory).

Where a volume is mounted at /data, `POST /entries` with a JSON string keeps that as a line there before it answers.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = os.environ["VERSION"]
BEHAVIOUR = os.environ["BEHAVIOUR"]
BORN = time.monotonic()


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.partition("=")[2] or 1))
        status = status_of(self.path)
        version = "0.0.0" if BEHAVIOUR == "liar" else VERSION
        self.answer(status, {"status": "ok", "version": version, "secret_read": secret()})

    def do_POST(self):
        entry = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        keep(entry)
        self.answer(201, {"entry": entry})

    def answer(self, status, message):
        body = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def status_of(path):
    fading = BEHAVIOUR == "fading" or (BEHAVIOUR == "rotten" and path != "/api/health")
    if fading and time.monotonic() - BORN > float(os.environ.get("FADES", "20")):
        print("die Verbindung zum Speicher ist verloren", flush=True)
        return 500
    if path == "/" and BEHAVIOUR in ("ugly", f"ugly-{os.environ.get('UPKEEP_SLOT', '')[-1:]}"):
        print("die Vorlage der Startseite fehlt", flush=True)
        return 500
    return 503 if BEHAVIOUR == "sick" else 200


def secret():
    try:
        return len(Path("/run/secrets/token").read_text(encoding="utf-8"))
    except OSError:
        return None


def keep(entry):
    """Both slots append to the same file; a line is on the disk before anybody is told so."""
    with Path("/data/entries").open("ab", buffering=0) as entries:
        entries.write(f"{entry}\n".encode())
        os.fsync(entries.fileno())


if BEHAVIOUR == "crash":
    sys.exit("die Datenbank passt nicht zu dieser Version")
if BEHAVIOUR == "greedy":
    print("lädt den ganzen Bestand in den Speicher", flush=True)
    stock = [bytearray(1 << 20) for _ in range(4096)]
ThreadingHTTPServer.request_queue_size = 128  # the five of the standard library are not enough for one slot under load
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), App)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(f"tinyapp {VERSION} hört zu", flush=True)
server.serve_forever(0.05)
