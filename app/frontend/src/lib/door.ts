/**
 * The stack's door and its gate, past the app: they answer while the app is being replaced. No cookies, no session.
 * `/api/system/start-…`, `/api/system/check-update` and `/api/system/update` are Upkeep's, not the app's.
 */
import { post, Refused, Unreachable } from './api';

export type Action = 'start-update' | 'check-update' | 'start-backup';
export type Result = 'updated' | 'rolled_back' | 'failed' | 'unchanged' | 'refused';

/** What everybody may know. `instance` is the run that goes on or ended last, `result` how it ended. */
export interface Progress {
  phase: string | null;
  percent: number | null;
  running: boolean | null;
  release: string | null;
  instance: string | null;
  result: Result | null;
}

/** `silent`: the door is there, but nobody behind it (the agent restarts); `lost`: no answer at all. */
export type Heard = Progress | 'silent' | 'lost';

const TIMEOUT_MS = 4_000;
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

export async function hear(): Promise<Heard> {
  const response = await reach('/api/system/update');
  if (!response) return 'lost';
  const answer = (await response.json().catch(() => null)) as Progress | null;
  return response.ok && answer ? answer : 'silent';
}

/** The release that answered, as the gate names it; without a gate the app's own version. Null: nobody ready answered. */
export async function answering(): Promise<string | null> {
  const response = await reach('/api/health');
  if (!response?.ok) return null;
  return response.headers.get('X-Upkeep-Release') ?? response.headers.get('X-Lager-Version');
}

async function reach(path: string, timeoutMs = TIMEOUT_MS, more: RequestInit = {}): Promise<Response | null> {
  try {
    return await fetch(path, { ...more, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    return null;
  }
}
