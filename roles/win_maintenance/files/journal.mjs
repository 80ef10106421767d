// The journal beside the releases (roles/win_node_app/filter_plugins/windows_journal.py says its shape).
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const KEPT_HISTORY = 50;
const LEASE_SECONDS = 900;

export class Damaged extends Error {}

/** null where nothing was ever deployed. Throws Damaged. */
export function read(settings) {
  let text;
  try {
    text = readFileSync(settings.journal, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
  try {
    const journal = JSON.parse(text);
    if (journal.schema === 1 && journal.app === settings.app) return journal;
  } catch {
    // said below
  }
  throw new Damaged(`${settings.journal} ist beschädigt oder gehört nicht zu „${settings.app}“. Nächster Schritt: playbooks/windows/health.yml.`);
}

export function write(settings, journal) {
  const draft = `${settings.journal}.draft`;
  writeFileSync(draft, `${JSON.stringify(journal, null, 4)}\n`, { flush: true });
  renameSync(draft, settings.journal);
}

/** A run that nobody works on any more. */
export function isAbandoned(journal) {
  return Boolean(journal?.run) && moment(journal.run.until) < Date.now();
}

/** Claimed: a play that comes now waits, or takes over on its operator's word. */
export function claimed(journal) {
  const until = clock(Date.now() + LEASE_SECONDS * 1000);
  return { ...journal, run: { ...journal.run, id: `aufgabe-${process.pid}`, until } };
}

/** `result`: updated or undone. Only `updated` changes what is current. */
export function ended(journal, result) {
  const { run } = journal;
  const entry = { at: clock(Date.now()), operation: run.operation, version: run.to, result, reason: "abgebrochen" };
  const after = { ...journal, run: null, history: [...journal.history, entry].slice(-KEPT_HISTORY) };
  if (result !== "updated") return after;
  const releases = run.sha256 ? { ...journal.releases, [run.to]: { sha256: run.sha256, reversible: run.reversible } } : journal.releases;
  return { ...after, current: run.to, previous: run.operation === "rollback" ? "" : run.from, releases };
}

function moment(text) {
  return Date.parse(/Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
}

function clock(milliseconds) {
  return new Date(milliseconds).toISOString().slice(0, 19);
}
