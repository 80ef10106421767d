// Node as a Windows service behind ARR (`win_node_app__mode: arr`), by Windows' own sc. What it runs says a file.
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const LOOKS = 180; // one every half second: longer than requests may take to end
const run = promisify(execFile);

async function sc(settings, verb) {
  const [program, ...before] = settings.sc;
  const { stdout } = await run(program, [...before, verb, settings.app], { timeout: 120_000 });
  return stdout;
}

/** In the other modes there is no such folder. */
export function isThere(settings) {
  return existsSync(dirname(settings.service_release));
}

export async function start(settings, version) {
  writeFileSync(settings.service_release, `${version}\n`, { flush: true });
  await turn(settings, "RUNNING");
}

export async function restart(settings) {
  await turn(settings, "STOPPED");
  await turn(settings, "RUNNING");
}

/** `state`: RUNNING or STOPPED, as `sc query` says it. sc itself does not wait. */
export async function turn(settings, state) {
  if (await isIn(settings, state)) return;
  await sc(settings, state === "RUNNING" ? "start" : "stop");
  for (let looks = 0; looks < LOOKS; looks += 1) {
    if (await isIn(settings, state)) return;
    await pause(500);
  }
  throw new Error(`Der Dienst „${settings.app}“ ist nach ${LOOKS / 2} s nicht ${state}. Nächster Schritt: seine Protokolle unter ${settings.logs} ansehen.`);
}

async function isIn(settings, state) {
  return new RegExp(`:\\s+\\d+\\s+${state}\\b`).test(await sc(settings, "query"));
}
