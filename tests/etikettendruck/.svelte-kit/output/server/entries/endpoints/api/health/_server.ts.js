import { json } from "@sveltejs/kit";
import { existsSync } from "node:fs";
import { access, constants, statfs } from "node:fs/promises";
import { d as database } from "../../../../chunks/database.js";
import { s as settings } from "../../../../chunks/settings.js";
const MEGABYTE = 1024 * 1024;
const HEAP_WARNING = 500;
const SPACE_WARNING = 0.1;
async function health() {
  const [databaseCheck, filesystem] = await Promise.all([checkDatabase(), checkFilesystem()]);
  const checks = { database: databaseCheck, filesystem, memory: checkMemory() };
  const wrong = Object.values(checks).some((check) => check.status === "error");
  const status = wrong ? "unhealthy" : existsSync(settings.drainFlag) ? "draining" : "healthy";
  return { timestamp: (/* @__PURE__ */ new Date()).toISOString(), status, version: settings.version, checks };
}
async function checkDatabase() {
  const began = performance.now();
  try {
    await database.$queryRaw`SELECT 1`;
    return { status: "healthy", latency: Math.round(performance.now() - began) };
  } catch {
    return { status: "error", latency: Math.round(performance.now() - began) };
  }
}
async function checkFilesystem() {
  try {
    await access(settings.uploads, constants.W_OK);
    const { bavail, blocks, bsize } = await statfs(settings.uploads);
    const freeSpace = Math.round(bavail * bsize / MEGABYTE);
    return { status: bavail / blocks < SPACE_WARNING ? "warning" : "healthy", freeSpace };
  } catch {
    return { status: "error", freeSpace: 0 };
  }
}
function checkMemory() {
  const usage = Math.round(process.memoryUsage().heapUsed / MEGABYTE);
  return { status: usage < HEAP_WARNING ? "healthy" : "warning", usage };
}
async function GET() {
  const found = await health();
  return json(found, { status: found.status === "healthy" ? 200 : 503, headers: { "cache-control": "no-store" } });
}
export {
  GET
};
