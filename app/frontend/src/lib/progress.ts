/**
 * What the stack's door and its gate tell everybody, also while the app is being replaced: how far an update is, and who
 * answers. No cookies, no session. `/api/system/update` is Upkeep's, not the app's.
 */
export type Result = 'updated' | 'rolled_back' | 'failed' | 'unchanged' | 'refused';

/** What everybody may know. `instance` is the run that goes on or ended last, `result` how it ended; `mixed`: slots of the
 * old and the new version answer in turn; `title` and `text`: of a maintenance. */
export interface Progress {
  phase: string | null;
  percent: number | null;
  running: boolean | null;
  mixed: boolean | null;
  release: string | null;
  instance: string | null;
  result: Result | null;
  title: string | null;
  text: string | null;
}

/** `silent`: the door is there, but nobody behind it (the agent restarts); `lost`: no answer at all. */
export type Heard = Progress | 'silent' | 'lost';

const TIMEOUT_MS = 4_000;

export async function hear(): Promise<Heard> {
  const response = await reach('/api/system/update');
  if (!response) return 'lost';
  const answer = (await response.json().catch(() => null)) as Progress | null;
  return response.ok && answer ? answer : 'silent';
}

/** Whoever loads the page again now may get the other version with the next request. */
export function isMixed(heard: Heard): boolean {
  return typeof heard !== 'string' && heard.mixed === true;
}

/** The release that answered, as the gate names it; without a gate the app's own version. Null: nobody ready answered. */
export async function answering(): Promise<string | null> {
  const response = await reach('/api/health');
  if (!response?.ok) return null;
  return response.headers.get('X-Upkeep-Release') ?? response.headers.get('X-Lager-Version');
}

export async function reach(path: string, timeoutMs = TIMEOUT_MS, more: RequestInit = {}): Promise<Response | null> {
  try {
    return await fetch(path, { ...more, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    return null;
  }
}
