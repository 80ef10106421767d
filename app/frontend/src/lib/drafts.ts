/** What was typed into a form, kept until it is saved: it survives a failed save, a reload, an update. */
const PREFIX = 'lager.draft.';

export function readDraft<T>(key: string): T | null {
  try {
    const kept = sessionStorage.getItem(PREFIX + key);
    return kept ? (JSON.parse(kept) as T) : null;
  } catch {
    return null;
  }
}

export function keepDraft(key: string, values: unknown): void {
  sessionStorage.setItem(PREFIX + key, JSON.stringify(values));
}

export function dropDraft(key: string): void {
  sessionStorage.removeItem(PREFIX + key);
}
