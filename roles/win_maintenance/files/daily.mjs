// Once a day: the database is saved, old files go, it is cleaned up, the disk is looked at. What fails does not stop the rest.
import { execFile } from "node:child_process";
import { readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { save } from "./backup.mjs";

const DAY = 86_400_000;
const run = promisify(execFile);

export async function daily(settings, alarms) {
  const steps = [
    ...(settings.backup ? [["Sicherung der Datenbank", () => save(settings.database, settings.backup)]] : []),
    ...settings.old_files.map((rule) => [`alte Dateien in ${rule.folder}`, () => clean(rule)]),
    ...settings.disks.map((disk) => [`Platz auf ${disk}`, () => look(disk, settings.minimum_free_percent)]),
    ...(settings.database ? [["VACUUM ANALYZE", () => vacuum(settings.database)]] : []),
  ];
  let troubles = false;
  for (const [name, step] of steps) {
    const trouble = await attempted(step);
    if (trouble) troubles = (await alarms.raise(name, `${name}: ${trouble}`)) || troubles;
    else alarms.over(name);
  }
  return troubles;
}

async function attempted(step) {
  try {
    return (await step()) ?? "";
  } catch (error) {
    return String(error.stderr || error.message).trim();
  }
}

/** Files (never folders) that nobody wrote to for `days`; the newest `keep` stay whatever their age. */
function clean({ folder, days, keep }) {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .sort((one, other) => other.at - one.at);
  for (const file of files.slice(keep).filter(({ at }) => at < Date.now() - days * DAY)) rmSync(file.path);
}

function look(disk, least) {
  const { bavail, blocks, bsize } = statfsSync(disk);
  const free = (100 * bavail) / blocks;
  if (free >= least) return "";
  return `${((bavail * bsize) / 2 ** 30).toFixed(1)} GB frei, das sind ${free.toFixed(1)} % (verlangt: ${least} %). Nächster Schritt: aufräumen oder vergrößern.`;
}

async function vacuum({ psql, host, port, user, name, password }) {
  const [program, ...before] = psql;
  const words = ["-X", "-w", "-h", host, "-p", String(port), "-U", user, "-d", name, "-c", "VACUUM ANALYZE"];
  await run(program, [...before, ...words], { env: { ...process.env, PGPASSWORD: password }, timeout: 3_600_000 });
}
