// Whom it is told: the event log, and by mail. The same alarm is not repeated within a day.
import { execFile } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { promisify } from "node:util";

import { send } from "./mail.mjs";

const AGAIN_AFTER = 86_400_000;
const LONGEST = 900; // eventcreate takes a thousand characters
const run = promisify(execFile);

export class Alarms {
  constructor(settings) {
    this.settings = settings;
    this.server = hostname();
    this.memory = remembered(settings.memory);
  }

  /** Somebody has to look. True, for the caller to hand on. */
  async raise(key, text) {
    console.error(text);
    const before = this.memory.alarms?.[key] ?? 0;
    if (before > Date.now() - AGAIN_AFTER) return true;
    this.remember({ alarms: { ...this.memory.alarms, [key]: Date.now() } });
    await this.#log("ERROR", text);
    if (this.settings.mail) await send(this.settings.mail, `${this.settings.app} auf ${this.server}: ${key}`, text);
    return true;
  }

  /** Worth knowing, nobody has to do anything. */
  async tell(text) {
    console.log(text);
    await this.#log("INFORMATION", text);
  }

  /** What was wrong is well again; the next time is told at once. False, for the caller to hand on. */
  over(key) {
    if (this.memory.alarms?.[key]) {
      const { [key]: _, ...rest } = this.memory.alarms;
      this.remember({ alarms: rest });
    }
    return false;
  }

  remember(facts) {
    this.memory = { ...this.memory, ...facts };
    writeFileSync(`${this.settings.memory}.draft`, JSON.stringify(this.memory));
    renameSync(`${this.settings.memory}.draft`, this.settings.memory);
  }

  async #log(kind, text) {
    const [program, ...before] = this.settings.eventcreate;
    const words = ["/L", "APPLICATION", "/SO", this.settings.event_source, "/ID", "100", "/T", kind, "/D", text.slice(0, LONGEST)];
    await run(program, [...before, ...words]).catch((error) => console.error(`Ereignisprotokoll: ${error.message}`));
  }
}

function remembered(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {}; // what is not remembered is told once more
  }
}
