import path__default from "node:path";
const shared = process.env.SHARED_DIR ?? ".";
const settings = {
  version: "1.0.0",
  databaseUrl: process.env.DATABASE_URL ?? "",
  poolSize: Number(process.env.DATABASE_POOL ?? "20"),
  logs: process.env.LOG_DIR ?? path__default.join(shared, "logs"),
  uploads: process.env.UPLOAD_DIR ?? path__default.join(shared, "uploads"),
  drainFlag: process.env.DRAIN_FLAG ?? path__default.join(shared, "drain"),
  logLevel: process.env.LOG_LEVEL ?? "info",
  slowMs: Number(process.env.SLOW_REQUEST_MS ?? "1000")
};
export {
  settings as s
};
