// Maintenance of one application on a Windows server: `node main.mjs finish|watch|daily SETTINGS.json`.
// Scheduled tasks call it as SYSTEM. It runs on Node because Node is there and because it can be tested anywhere
// (docs/adr/0058). Exit code 0: all is well or was put right; 1: somebody has to look.
import { readFileSync } from "node:fs";

import { Alarms } from "./alarms.mjs";
import { daily } from "./daily.mjs";
import { finish } from "./finish.mjs";
import { watch } from "./watch.mjs";

const WORKS = { finish, watch, daily };

async function main([work, file]) {
  if (!WORKS[work] || !file) {
    console.error(`Aufruf: node main.mjs ${Object.keys(WORKS).join("|")} EINSTELLUNGEN.json`);
    return 2;
  }
  const settings = JSON.parse(readFileSync(file, "utf8"));
  const alarms = new Alarms(settings);
  try {
    const troubles = await WORKS[work](settings, alarms);
    return troubles ? 1 : 0;
  } catch (error) {
    await alarms.raise(work, `${work} auf ${alarms.server} scheiterte: ${error.message}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
