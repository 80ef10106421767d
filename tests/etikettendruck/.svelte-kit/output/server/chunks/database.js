import { PrismaPg } from "@prisma/adapter-pg";
import * as path from "node:path";
import path__default from "node:path";
import { fileURLToPath } from "node:url";
import * as runtime from "@prisma/client/runtime/client";
import { mkdirSync } from "node:fs";
import winston from "winston";
import { s as settings } from "./settings.js";
const config = {
  "generator": {
    "name": "client",
    "provider": {
      "fromEnvVar": null,
      "value": "prisma-client"
    },
    "output": {
      "value": "/work/h/winapp/tests/etikettendruck/src/generated",
      "fromEnvVar": null
    },
    "config": {
      "engineType": "client"
    },
    "binaryTargets": [
      {
        "fromEnvVar": null,
        "value": "debian-openssl-3.0.x",
        "native": true
      }
    ],
    "previewFeatures": [],
    "sourceFilePath": "/work/h/winapp/tests/etikettendruck/prisma/schema.prisma",
    "isCustomOutput": true
  },
  "relativePath": "../../prisma",
  "clientVersion": "6.19.3",
  "engineVersion": "c2990dca591cba766e3b7ef5d9e8a84796e47ab7",
  "datasourceNames": [
    "db"
  ],
  "activeProvider": "postgresql",
  "postinstall": false,
  "inlineDatasources": {
    "db": {
      "url": {
        "fromEnvVar": "DATABASE_URL",
        "value": null
      }
    }
  },
  "inlineSchema": 'generator client {\n  provider   = "prisma-client"\n  engineType = "client"\n  output     = "../src/generated"\n}\n\ndatasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n\nmodel User {\n  id           Int       @id @default(autoincrement())\n  name         String    @unique\n  passwordHash String\n  sessions     Session[]\n\n  @@map("benutzer")\n}\n\nmodel Session {\n  tokenHash String   @id\n  userId    Int\n  user      User     @relation(fields: [userId], references: [id], onDelete: Cascade)\n  expiresAt DateTime @db.Timestamptz(3)\n\n  @@map("sitzung")\n}\n\nmodel Label {\n  id        Int        @id @default(autoincrement())\n  title     String\n  content   String\n  file      String?\n  createdAt DateTime   @default(now()) @db.Timestamptz(3)\n  jobs      PrintJob[]\n\n  @@map("etikett")\n}\n\nmodel Printer {\n  id   Int        @id @default(autoincrement())\n  name String     @unique\n  host String\n  port Int        @default(9100)\n  jobs PrintJob[]\n\n  @@map("drucker")\n}\n\nenum JobState {\n  queued\n  printing\n  printed\n  failed\n}\n\nmodel PrintJob {\n  id        Int      @id @default(autoincrement())\n  labelId   Int\n  label     Label    @relation(fields: [labelId], references: [id])\n  printerId Int\n  printer   Printer  @relation(fields: [printerId], references: [id])\n  state     JobState @default(queued)\n  attempts  Int      @default(0)\n  error     String?\n  createdAt DateTime @default(now()) @db.Timestamptz(3)\n  changedAt DateTime @default(now()) @db.Timestamptz(3)\n\n  @@index([state, id])\n  @@map("druckauftrag")\n}\n',
  "inlineSchemaHash": "fe9d007960ebfcdf763f3792d4d57c5162f3f656311c1c6f306e86e6f6219139",
  "copyEngine": true,
  "runtimeDataModel": {
    "models": {},
    "enums": {},
    "types": {}
  },
  "dirname": ""
};
config.runtimeDataModel = JSON.parse('{"models":{"User":{"fields":[{"name":"id","kind":"scalar","type":"Int"},{"name":"name","kind":"scalar","type":"String"},{"name":"passwordHash","kind":"scalar","type":"String"},{"name":"sessions","kind":"object","type":"Session","relationName":"SessionToUser"}],"dbName":"benutzer"},"Session":{"fields":[{"name":"tokenHash","kind":"scalar","type":"String"},{"name":"userId","kind":"scalar","type":"Int"},{"name":"user","kind":"object","type":"User","relationName":"SessionToUser"},{"name":"expiresAt","kind":"scalar","type":"DateTime"}],"dbName":"sitzung"},"Label":{"fields":[{"name":"id","kind":"scalar","type":"Int"},{"name":"title","kind":"scalar","type":"String"},{"name":"content","kind":"scalar","type":"String"},{"name":"file","kind":"scalar","type":"String"},{"name":"createdAt","kind":"scalar","type":"DateTime"},{"name":"jobs","kind":"object","type":"PrintJob","relationName":"LabelToPrintJob"}],"dbName":"etikett"},"Printer":{"fields":[{"name":"id","kind":"scalar","type":"Int"},{"name":"name","kind":"scalar","type":"String"},{"name":"host","kind":"scalar","type":"String"},{"name":"port","kind":"scalar","type":"Int"},{"name":"jobs","kind":"object","type":"PrintJob","relationName":"PrintJobToPrinter"}],"dbName":"drucker"},"PrintJob":{"fields":[{"name":"id","kind":"scalar","type":"Int"},{"name":"labelId","kind":"scalar","type":"Int"},{"name":"label","kind":"object","type":"Label","relationName":"LabelToPrintJob"},{"name":"printerId","kind":"scalar","type":"Int"},{"name":"printer","kind":"object","type":"Printer","relationName":"PrintJobToPrinter"},{"name":"state","kind":"enum","type":"JobState"},{"name":"attempts","kind":"scalar","type":"Int"},{"name":"error","kind":"scalar","type":"String"},{"name":"createdAt","kind":"scalar","type":"DateTime"},{"name":"changedAt","kind":"scalar","type":"DateTime"}],"dbName":"druckauftrag"}},"enums":{},"types":{}}');
config.engineWasm = void 0;
async function decodeBase64AsWasm(wasmBase64) {
  const { Buffer } = await import("node:buffer");
  const wasmArray = Buffer.from(wasmBase64, "base64");
  return new WebAssembly.Module(wasmArray);
}
config.compilerWasm = {
  getRuntime: async () => await import("@prisma/client/runtime/query_compiler_bg.postgresql.mjs"),
  getQueryCompilerWasmModule: async () => {
    const { wasm } = await import("@prisma/client/runtime/query_compiler_bg.postgresql.wasm-base64.mjs");
    return await decodeBase64AsWasm(wasm);
  }
};
function getPrismaClientClass(dirname) {
  config.dirname = dirname;
  return runtime.getPrismaClient(config);
}
runtime.Extensions.getExtensionContext;
({
  DbNull: runtime.objectEnumValues.classes.DbNull,
  JsonNull: runtime.objectEnumValues.classes.JsonNull,
  AnyNull: runtime.objectEnumValues.classes.AnyNull
});
runtime.objectEnumValues.instances.DbNull;
runtime.objectEnumValues.instances.JsonNull;
runtime.objectEnumValues.instances.AnyNull;
runtime.makeStrictEnum({
  ReadUncommitted: "ReadUncommitted",
  ReadCommitted: "ReadCommitted",
  RepeatableRead: "RepeatableRead",
  Serializable: "Serializable"
});
runtime.Extensions.defineExtension;
globalThis["__dirname"] = path.dirname(fileURLToPath(import.meta.url));
const PrismaClient = getPrismaClientClass(__dirname);
const MEGABYTE = 1024 * 1024;
mkdirSync(settings.logs, { recursive: true });
function file(filename, maxsize, maxFiles, level) {
  return new winston.transports.File({ filename: path__default.join(settings.logs, filename), maxsize, maxFiles, level, tailable: true });
}
const log = winston.createLogger({
  level: settings.logLevel,
  format: winston.format.combine(winston.format.timestamp(), winston.format.errors({ stack: true }), winston.format.json()),
  defaultMeta: { service: "etikettendruck", version: settings.version },
  transports: [file("error.log", 5 * MEGABYTE, 5, "error"), file("combined.log", 10 * MEGABYTE, 10)]
});
const auditLog = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  defaultMeta: { service: "etikettendruck" },
  transports: [file("audit.log", 10 * MEGABYTE, 10)]
});
const audit = {
  userAction(userId, action, resource, facts = {}) {
    auditLog.info("Benutzer", { userId, action, resource, ...facts });
  },
  securityEvent(event, severity, facts = {}) {
    auditLog.warn("Sicherheit", { event, severity, ...facts });
    log.log(severity === "high" ? "error" : "warn", `Sicherheit: ${event}`, { severity, ...facts });
  }
};
const adapter = new PrismaPg(
  { connectionString: settings.databaseUrl, max: settings.poolSize, connectionTimeoutMillis: 3e3 },
  { onPoolError: (error) => log.warn("Datenbankverbindung verloren", { error: error.message }) }
);
const database = new PrismaClient({ adapter });
export {
  audit as a,
  database as d,
  log as l
};
