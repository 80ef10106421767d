"""A stand-in application for the gate's tests, standard library only; it runs in a container.

/health · /echo what arrived · /upload size and sha256 · /slow?seconds · /events server-sent events · /ws echo ·
/die closes without an answer · /claims answers with headers that belong to the gate
"""

import base64
import hashlib
import json
import os
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        page = getattr(self, "page_" + parts.path.strip("/").replace("/", "_"), None)
        if page is None:
            return self.reply(404, {"error": "unknown"})
        return page(query)

    def do_POST(self):
        self.do_GET()

    def page_api_health(self, query):
        self.reply(200, {"status": "ok", "version": os.environ.get("VERSION", "1.0.0")})

    def page_echo(self, query):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        self.reply(200, {"slot": os.environ.get("SLOT"), "method": self.command, "path": self.path, "headers": headers})

    def page_upload(self, query):
        digest, size = hashlib.sha256(), 0
        for chunk in self.body():
            digest.update(chunk)
            size += len(chunk)
        self.reply(200, {"size": size, "sha256": digest.hexdigest()})

    def page_slow(self, query):
        time.sleep(float(query["seconds"]))
        self.reply(200, {"slept": query["seconds"]})

    def page_events(self, query):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(int(query["count"])):
            self.wfile.write(f"data: {number}\n\n".encode())
            self.wfile.flush()
            time.sleep(float(query["pause"]))
        self.close_connection = True

    def page_die(self, query):
        self.close_connection = True

    def page_claims(self, query):
        self.reply(200, {}, {"X-Upkeep-Release": "9.9.9", "X-Upkeep-Gate": "1"})

    def page_ws(self, query):
        key = self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID
        accept = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
        self.end_headers()
        self.close_connection = True
        while frame := self.read_frame():
            self.wfile.write(frame)

    def read_frame(self):
        """One short client frame, as the frame that echoes it; None at its end."""
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] & 0x0F == 8:
            return None
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self.rfile.read(2))
        mask, payload = self.rfile.read(4), self.rfile.read(length)
        clear = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length)
        return bytes([head[0]]) + size + clear

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().strip() or b"0", 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            chunk = self.rfile.read(min(left, 65536))
            left -= len(chunk)
            yield chunk

    def reply(self, status, answer, headers=None):
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()
