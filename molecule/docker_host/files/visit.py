"""One TCP connection, many requests: prints how many were answered. Usage: visit.py HOST PORT SECONDS."""

import http.client
import sys
import time

host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
connection = http.client.HTTPConnection(host, port, timeout=3)
connection.connect()
own_port = connection.sock.getsockname()[1]
answered = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    if response.status != 200 or connection.sock.getsockname()[1] != own_port:
        sys.exit(f"status {response.status}, port {connection.sock.getsockname()[1]} instead of {own_port}")
    answered += 1
    time.sleep(0.05)
print(answered)
