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
    assert response.status == 200, response.status
    assert connection.sock.getsockname()[1] == own_port, "a new connection was opened"
    answered += 1
    time.sleep(0.05)
print(answered)
