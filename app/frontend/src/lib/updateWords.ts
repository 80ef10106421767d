/** German words for what Upkeep calls its runs and their ends. */
import type { Ended } from './update.svelte';

const OPERATIONS: Record<string, string> = {
  deploy: 'Ausrollen',
  update: 'Update',
  rollback: 'Zurückrollen',
  check: 'Prüfung',
  repair: 'Reparatur',
  agent: 'Wechsel des Agenten',
  adopt: 'Übernahme',
  remove: 'Entfernen',
  restore: 'Zurückspielen',
  undo: 'Rücknahme des Zurückspielens',
};
const RESULTS: Record<string, string> = {
  updated: 'erledigt',
  unchanged: 'nichts zu tun',
  rolled_back: 'zurückgenommen',
  failed: 'gescheitert',
  refused: 'abgelehnt',
};

export const operationName = (operation: string): string => OPERATIONS[operation] ?? operation;
export const resultName = (result: string | null): string => (result ? (RESULTS[result] ?? result) : 'läuft');

type Told = Pick<Ended, 'result' | 'before' | 'after'>;

export function endedHeading({ result }: Told): string {
  const headings: Record<string, string> = {
    updated: 'Update erledigt',
    rolled_back: 'Update zurückgenommen',
    failed: 'Update gescheitert',
    unchanged: 'Nichts zu tun',
    refused: 'Update abgelehnt',
  };
  return headings[result] ?? result;
}

export function endedText({ result, before, after }: Told): string {
  const old = before ? `Version ${before}` : 'Die bisherige Version';
  const wanted = after && after !== before ? `Version ${after}` : 'Die neue Version';
  const texts: Record<string, string> = {
    updated: `${wanted} läuft.`,
    rolled_back: `${wanted} ließ sich nicht in Betrieb nehmen. ${old} läuft weiter, Ihre Daten sind unverändert.`,
    failed: 'Bitte den Betreiber verständigen; auf dem Server hilft „upkeep status“ weiter.',
    unchanged: `${old} ist schon die neueste Version.`,
    refused: `${old} läuft unverändert weiter.`,
  };
  return texts[result] ?? '';
}

const REASONS: Record<string, string> = {
  not_ready: 'Die neue Version ist nicht richtig angelaufen.',
  bake: 'Die neue Version lief an, arbeitete aber nicht zuverlässig.',
  migration: 'Die Daten ließen sich nicht auf die neue Version umstellen.',
  database: 'Die Datenbank hat nicht mitgespielt.',
  disk: 'Auf dem Server ist nicht genug Speicherplatz frei.',
  registry: 'Die neue Version ließ sich nicht herunterladen.',
  image_missing: 'Die neue Version ist dort, wo sie liegen sollte, nicht zu finden.',
  docker: 'Docker auf dem Server hat einen Fehler gemeldet.',
  compose: 'Docker auf dem Server hat einen Fehler gemeldet.',
  gate: 'Die Weiche vor der Anwendung hat einen Fehler gemeldet.',
};

/** Why, in a sentence for people who do not run servers; empty when there is none for it. */
export const reasonText = (code: string): string => REASONS[code] ?? '';

/** The operator's own words, as text: `commands` in quotation marks. */
export const operatorText = (message: string): string => message.replace(/`([^`]*)`/g, '„$1“');

/** Seconds as „0:28 min“. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}
