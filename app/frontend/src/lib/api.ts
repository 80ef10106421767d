import { connection } from './connection.svelte';
import type { Fields } from './types';

const TIMEOUT_MS = 12_000;

/** The server said no. `current` is the newer state when somebody else saved first (409). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Fields = {},
    readonly current: unknown = undefined,
  ) {
    super(message);
  }
}

/** No answer, or a gate in maintenance: worth another try. */
export class Unreachable extends Error {}

let onSignedOut: () => void = () => {};

/** Called when the session has ended in the middle of the work. */
export function whenSignedOut(action: () => void): void {
  onSignedOut = action;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body: unknown): Promise<T> => call<T>('POST', path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, body);
export const del = (path: string): Promise<void> => call<void>('DELETE', path);

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 503) {
    const answer = await json(response);
    connection.interrupted(typeof answer.error === 'string' ? answer.error : null);
    throw new Unreachable('Das System ist gerade nicht bereit.');
  }
  connection.answered(response.headers.get('X-Lager-Version'));
  if (response.ok) return response.status === 204 ? (undefined as T) : await whole<T>(response, signal);
  const answer = await json(response);
  if (response.status === 401 && path !== '/api/session') onSignedOut();
  const message = typeof answer.error === 'string' ? answer.error : `Unerwartete Antwort (HTTP ${response.status}).`;
  throw new Refused(response.status, message, (answer.fields ?? {}) as Fields, answer.current);
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Lager-Client': 'web' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.lost();
    throw new Unreachable('Keine Verbindung zum Server.');
  }
}

/** What a server that ends meanwhile has only half sent counts as no answer. */
async function whole<T>(response: Response, signal?: AbortSignal): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.lost();
    throw new Unreachable('Die Antwort des Servers ist abgebrochen.');
  }
}

async function json(response: Response): Promise<Record<string, unknown>> {
  try {
    return (await response.json()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What to tell the user when saving did not work. */
export function spoken(error: unknown): string {
  if (error instanceof Unreachable) return `Nicht gespeichert: ${error.message} Ihre Eingaben sind noch da.`;
  if (error instanceof Refused) return error.message;
  throw error;
}
