// What a release of the tests runs: answers like the application, with its version; a release can be sick on one server.
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const { version } = JSON.parse(readFileSync("manifest.json", "utf8"));
const fault = () => (existsSync("build/fault.json") ? JSON.parse(readFileSync("build/fault.json", "utf8")) : {});

const server = createServer((request, response) => {
  const slow = request.url.startsWith("/drucken");
  const sick = fault().sick_on === process.env.COMPUTERNAME;
  const status = sick && !slow ? 503 : 200;
  const answer = () => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: sick ? "unhealthy" : "healthy", version, server: process.env.COMPUTERNAME }));
  };
  request.resume().on("end", () => setTimeout(answer, slow ? 400 : 0));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
