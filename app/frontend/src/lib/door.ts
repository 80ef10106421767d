/**
 * The stack's door, past the app: what an admin may start there. `/api/system/start-…` and `/api/system/check-update` are
 * Upkeep's, not the app's.
 */
import { post, Refused, Unreachable } from './api';
import { reach } from './progress';

export type Action = 'start-update' | 'check-update' | 'start-backup';

const START_TIMEOUT_MS = 15_000; // longer than the door itself waits for the agent (10 s)

interface Started {
  run?: string;
  running?: { id: string; operation: string };
  error?: string;
}

/** Ask for a ticket and hand it in. Returns the id of the run to follow: ours, or the update that was there already. */
export async function ask(action: Action): Promise<string> {
  const { ticket } = await post<{ ticket: string }>('/api/v1/system/ticket', { action });
  const response = await reach(`/api/system/${action}`, START_TIMEOUT_MS, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Upkeep-Request': '1' },
    body: JSON.stringify({ ticket }),
  });
  if (!response) throw new Unreachable('Keine Verbindung zum Server. Ob etwas begonnen hat, zeigt gleich diese Seite.');
  const answer = (await response.json().catch(() => ({}))) as Started;
  if (response.ok && answer.run) return answer.run;
  if (action === 'start-update' && answer.running?.operation === 'update') return answer.running.id;
  throw new Refused(response.status, answer.error ?? `Der Server nimmt den Auftrag nicht an (HTTP ${response.status}).`);
}
