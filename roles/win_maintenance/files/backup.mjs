// The database of a company that has no Linux host, saved on this server (docs/adr/0072): one dump, read back as a whole.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

const DAY = 86_400_000;
const HOURS = 3_600_000;
const run = promisify(execFile);

/** Only once a new one is proven do old ones go, and never the newest. */
export async function save(database, backup) {
  mkdirSync(backup.folder, { recursive: true });
  const name = `${database.name}-${stamp(new Date())}`;
  const dump = join(backup.folder, `${name}.dump`);
  try {
    await ask(database, backup.pg_dump, "-Fc", "-f", `${dump}.part`, "-d", database.name);
    await call(backup.pg_restore, ["-f", devNull, `${dump}.part`]); // a list of its contents would not show a torn one
    await ask(database, backup.pg_dumpall, "--globals-only", "--no-role-passwords", "-f", join(backup.folder, `${name}.globals.sql`));
    writeFileSync(`${dump}.sha256`, `${await sum(`${dump}.part`)}  ${name}.dump\n`);
    renameSync(`${dump}.part`, dump);
  } catch (error) {
    for (const ending of [".dump.part", ".dump.sha256", ".globals.sql"]) rmSync(join(backup.folder, name + ending), { force: true });
    throw error;
  }
  retire(database.name, backup);
}

function retire(database, { folder, days }) {
  const oldest = `${database}-${stamp(new Date(Date.now() - days * DAY))}`;
  const ours = new RegExp(`^${database}-\\d{8}T\\d{6}Z\\.(dump|dump\\.sha256|globals\\.sql)$`);
  for (const file of readdirSync(folder)) if (ours.test(file) && file < oldest) rmSync(join(folder, file));
}

async function ask({ host, port, user, password }, program, ...words) {
  await call(program, ["-w", "-h", host, "-p", String(port), "-U", user, ...words], { PGPASSWORD: password });
}

async function call([program, ...before], words, more = {}) {
  await run(program, [...before, ...words], { env: { ...process.env, ...more }, timeout: 6 * HOURS });
}

async function sum(file) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** As the backups of the other way are named: 20261121T020000Z. */
function stamp(date) {
  return date.toISOString().replace(/[-:]|\.\d+/g, "");
}
