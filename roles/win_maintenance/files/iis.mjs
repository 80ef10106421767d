// Sites and pools, by IIS's own appcmd.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import * as service from "./service.mjs";

const run = promisify(execFile);

async function appcmd(settings, ...words) {
  const [program, ...before] = settings.appcmd;
  const { stdout } = await run(program, [...before, ...words], { timeout: 120_000 });
  return stdout.trim();
}

export async function point(settings, site, folder, pool) {
  await appcmd(settings, "set", "vdir", `${site}/`, `/physicalPath:${folder}`);
  await appcmd(settings, "set", "app", `${site}/`, `/applicationPool:${pool}`);
}

/** `state`: Started or Stopped. */
export async function turn(settings, pool, state) {
  if ((await appcmd(settings, "list", "apppool", pool, "/text:state")) === state) return;
  await appcmd(settings, state === "Started" ? "start" : "stop", "apppool", pool);
}

export async function recycle(settings) {
  if (service.isThere(settings)) await service.restart(settings);
  await turn(settings, settings.pool, "Started");
  await appcmd(settings, "recycle", "apppool", settings.pool);
}

export async function close(settings) {
  await point(settings, settings.site, settings.closed, settings.closed_pool);
  await turn(settings, settings.pool, "Stopped");
  if (service.isThere(settings)) await service.turn(settings, "STOPPED");
}

/** Behind the closed site. */
export async function start(settings, version) {
  await point(settings, settings.probe_site, join(settings.releases, version), settings.pool);
  if (service.isThere(settings)) await service.start(settings, version);
  await turn(settings, settings.pool, "Started");
}

export async function open(settings, version) {
  await point(settings, settings.site, join(settings.releases, version), settings.pool);
}
