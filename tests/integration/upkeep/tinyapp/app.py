"""The smallest app an update can be tried on. BEHAVIOUR of the image: good, sick (503), crash, liar (version)."""

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


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.partition("=")[2] or 1))
        status = 503 if BEHAVIOUR == "sick" else 200
        version = "0.0.0" if BEHAVIOUR == "liar" else VERSION
        body = json.dumps({"status": "ok", "version": version, "secret_read": secret()}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def secret():
    try:
        return len(Path("/run/secrets/token").read_text(encoding="utf-8"))
    except OSError:
        return None


if BEHAVIOUR == "crash":
    sys.exit("die Datenbank passt nicht zu dieser Version")
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), App)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(f"tinyapp {VERSION} hört zu", flush=True)
server.serve_forever(0.05)
