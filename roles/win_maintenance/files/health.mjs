// Is the application well, and is it the right version?
import { setTimeout as pause } from "node:timers/promises";

/** Empty when it is well; else what was seen last. Asks `health_tries` times. */
export async function ailment(settings, version) {
  let seen = "";
  for (let turn = 0; turn < settings.health_tries; turn += 1) {
    if (turn) await pause(settings.health_delay * 1000);
    seen = await glance(settings.health_url, version);
    if (!seen) return "";
  }
  return seen;
}

async function glance(url, version) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 200 && said.version === version) return "";
    return `HTTP ${answer.status}, Version ${said.version ?? "unbekannt"}, erwartet ${version}`;
  } catch (error) {
    return `${url} antwortet nicht (${error.cause?.code ?? error.name})`;
  }
}
