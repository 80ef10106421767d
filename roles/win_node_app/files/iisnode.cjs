// What iisnode runs: it hands over a named pipe in PORT, which adapter-node takes in SOCKET_PATH only, and it loads no ES modules.
process.env.SOCKET_PATH = process.env.PORT;
delete process.env.PORT;
import("./build/index.js");
