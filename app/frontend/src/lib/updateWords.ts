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

/** Seconds as „0:28 min“. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}
