// A deployment that nobody finishes any more: undone before the new release had proved itself, finished afterwards.
// The same rules as roles/win_node_app/tasks/heal.yml; the database it cannot bring back from here.
import { rmSync } from "node:fs";
import { join } from "node:path";

import { ailment } from "./health.mjs";
import { close, open, start } from "./iis.mjs";
import { Damaged, claimed, ended, isAbandoned, read, write } from "./journal.mjs";

const KEY = "abgebrochener Lauf";

export async function finish(settings, alarms) {
  let journal;
  try {
    journal = read(settings);
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    return alarms.raise(KEY, error.message);
  }
  if (!isAbandoned(journal)) {
    if (journal && !journal.run) alarms.over(KEY);
    return false;
  }
  if (needsDatabase(journal.run)) return alarms.raise(KEY, untouchable(settings, journal.run));
  journal = claimed(journal);
  write(settings, journal);
  const trouble = journal.run.phase === "opening" ? await conclude(settings, journal) : await undo(settings, journal);
  if (trouble) return alarms.raise(KEY, trouble);
  await alarms.tell(`„${journal.run.operation}“ auf ${journal.run.to} war abgebrochen und ist ${journal.run.phase === "opening" ? "zu Ende geführt" : "zurückgenommen"}.`);
  alarms.over(KEY);
  return false;
}

/** A migration that the old version does not bear may have begun. */
function needsDatabase(run) {
  return !run.reversible && !["staging", "opening"].includes(run.phase) && !(run.phase === "closing" && !run.migrated && !run.closed);
}

function untouchable(settings, run) {
  return (
    `„${run.operation}“ auf ${run.to} brach nach Beginn einer Migration ab, die ${run.from || "die alte Version"} nicht verträgt; die ` +
    "Wartungsseite bleibt. Nächster Schritt: dasselbe Playbook mit -e take_over=true; es holt die Datenbank zurück."
  );
}

async function conclude(settings, journal) {
  if (!journal.maintenance) await open(settings, journal.run.to);
  clear(settings.flag);
  write(settings, ended(journal, "updated"));
  return "";
}

async function undo(settings, journal) {
  const { run } = journal;
  if (run.closed) {
    await close(settings);
    if (!run.from) return "Es gab keine frühere Version; die Wartungsseite bleibt. Nächster Schritt: playbooks/windows/deploy.yml.";
    await start(settings, run.from);
    const ill = await ailment(settings, run.from);
    if (ill) return `${run.from} wurde nach einem abgebrochenen Lauf nicht gesund (${ill}); die Wartungsseite bleibt. Nächster Schritt: playbooks/windows/health.yml.`;
    if (!journal.maintenance) await open(settings, run.from);
  }
  clear(settings.flag);
  if (run.operation !== "rollback" && run.to !== journal.current) clear(join(settings.releases, run.to));
  write(settings, ended(journal, "undone"));
  return "";
}

function clear(path) {
  rmSync(path, { recursive: true, force: true });
}
