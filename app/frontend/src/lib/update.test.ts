import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PastRun } from './types';

/** The server as the browser sees it; each test changes it while time goes by. */
interface Server {
  release: string | null;
  app: string;
  door: Record<string, unknown> | 503 | null;
  history: Partial<PastRun>[];
  startAnswer: [number, unknown];
  calls: { path: string; init: RequestInit }[];
}

const RUN = 'run-1';
const RUNNING = { phase: 'app-1 wird ersetzt', percent: 60, running: true, release: '1.0.0', instance: RUN, result: null };
const DONE = { ...RUNNING, phase: '', running: false };
const ADMIN = { id: 'u', login: 'petra', name: 'Petra', role: 'admin', active: true, version: 1, last_sign_in: null };

let server: Server;
let reloads: number;

function answer(path: string): Response {
  const headers = { 'X-Upkeep-Release': server.release ?? '', 'X-Lager-Version': server.app };
  const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status, headers });
  if (path === '/api/system/update') {
    if (server.door === null) throw new TypeError('network');
    return server.door === 503 ? json({ error: 'still' }, 503) : json(server.door);
  }
  if (path === '/api/system/start-update') return json(server.startAnswer[1], server.startAnswer[0]);
  if (server.release === null) return json({ error: 'Wartung' }, 503);
  if (path === '/api/v1/system/ticket') return json({ ticket: 'body.signature' }, 201);
  if (path === '/api/v1/system') return json({ history: server.history });
  if (path === '/api/session') return json({ user: ADMIN, company: {}, version: server.app, instance: 'i' });
  return json({ status: 'ok', version: server.app });
}

/** A page that has just loaded, with what the one before left in sessionStorage. */
async function loadPage() {
  vi.resetModules();
  const { update } = await import('./update.svelte');
  const { session } = await import('./session.svelte');
  await session.load();
  return update;
}

beforeEach(() => {
  vi.useFakeTimers();
  reloads = 0;
  server = { release: '1.0.0', app: '1.0.0', door: DONE, history: [], startAnswer: [202, { run: RUN }], calls: [] };
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal('location', { reload: () => (reloads += 1) });
  vi.stubGlobal('document', {
    documentElement: { dataset: {} },
    addEventListener: () => {},
    visibilityState: 'visible',
    activeElement: null,
    querySelector: () => null,
  });
  vi.stubGlobal('window', { addEventListener: () => {} });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    server.calls.push({ path, init });
    return answer(path);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe('an update', () => {
  it('hands the ticket in as the door wants it: no cookies, own header, JSON', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    const call = server.calls.find(({ path }) => path === '/api/system/start-update');
    expect(call?.init).toMatchObject({ method: 'POST', credentials: 'omit', body: '{"ticket":"body.signature"}' });
    expect(call?.init.headers).toEqual({ 'Content-Type': 'application/json', 'X-Upkeep-Request': '1' });
  });

  it('lands once, through a closed gate, and tells the end on the new page', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = RUNNING;
    server.release = null;
    await pass(5);
    expect([update.stage, update.isShown, update.progress?.percent, reloads]).toEqual(['running', true, 60, 0]);
    server.release = server.app = '1.1.0';
    await pass(2);
    expect([update.stage, reloads]).toEqual(['landing', 1]);

    const next = await loadPage();
    next.resume();
    await pass(5);
    expect([next.stage, next.isShown, reloads]).toEqual(['running', false, 1]);
    server.door = { ...DONE, result: 'updated', release: '1.1.0' };
    server.history = [{ run: RUN, result: 'updated', from: '1.0.0', to: '1.1.0', message: '1.0.0 → 1.1.0' }];
    await pass(2);
    expect([next.stage, next.ended?.after, next.isShown]).toEqual(['ended', '1.1.0', false]);

    const later = await loadPage();
    later.resume();
    await pass(60);
    expect([later.stage, reloads]).toEqual(['idle', 1]);
  });

  it('waits under the overlay while the door says that slots of both versions answer', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = { ...RUNNING, mixed: true };
    server.release = server.app = '1.1.0';
    await pass(20);
    expect([update.stage, update.isShown, reloads]).toEqual(['running', true, 0]);
    server.door = { ...RUNNING, mixed: false };
    await pass(2);
    expect([update.stage, reloads]).toEqual(['landing', 1]);
  });

  it('tells a rollback with its reason and does not load again', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = RUNNING;
    await pass(2);
    server.door = { ...DONE, result: 'rolled_back' };
    server.history = [{ run: RUN, result: 'rolled_back', from: '1.0.0', to: '1.1.0', message: 'app-1 startet nicht' }];
    await pass(2);
    expect([update.stage, update.isShown, update.ended?.result, update.ended?.message]).toEqual([
      'ended', true, 'rolled_back', 'app-1 startet nicht',
    ]);
    expect(reloads).toBe(0);

    const reloaded = await loadPage();
    reloaded.resume();
    await pass(2);
    expect([reloaded.isShown, reloaded.ended?.message]).toEqual([true, 'app-1 startet nicht']);
    reloaded.hide();
    const closed = await loadPage();
    closed.resume();
    await pass(5);
    expect(closed.stage).toBe('idle');
  });

  it('tells that a version went back although the page had landed on it', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = RUNNING;
    server.release = server.app = '1.1.0';
    await pass(3);
    expect(reloads).toBe(1);
    const landed = await loadPage();
    landed.resume();
    server.release = server.app = '1.0.0';
    server.door = { ...DONE, result: 'rolled_back' };
    server.history = [{ run: RUN, result: 'rolled_back', from: '1.0.0', to: '1.1.0', message: 'zu viele Fehler' }];
    await pass(3);
    expect([landed.isShown, landed.ended?.message]).toEqual([true, 'zu viele Fehler']);
  });

  it('waits for an agent that restarts and a network that is away', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = 503;
    await pass(2);
    expect([update.stage, update.silence]).toEqual(['running', 'silent']);
    server.door = null;
    await pass(2);
    expect(update.silence).toBe('lost');
    server.door = RUNNING;
    await pass(2);
    expect([update.silence, update.stage]).toEqual([null, 'running']);
  });

  it('takes the end of the run before for no end of its own', async () => {
    const update = await loadPage();
    server.door = { ...DONE, instance: 'run-0', result: 'updated' };
    await update.begin('1.1.0');
    await pass(1);
    expect([update.stage, update.isShown]).toEqual(['running', true]);
    server.door = RUNNING;
    await pass(1);
    expect(update.progress?.phase).toBe('app-1 wird ersetzt');
  });

  it('follows the run that was there already', async () => {
    server.startAnswer = [409, { error: 'Es läuft schon ein Update.', running: { id: 'run-7', operation: 'update' } }];
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = { ...DONE, instance: 'run-7', result: 'unchanged' };
    server.history = [{ run: 'run-7', result: 'unchanged', from: '1.0.0', to: null, message: '' }];
    await pass(2);
    expect([update.stage, update.ended?.result]).toEqual(['ended', 'unchanged']);
  });

  it('does not take a check that goes on for an update', async () => {
    server.startAnswer = [409, { error: 'Es läuft schon ein Vorgang.', running: { id: 'c-1', operation: 'check' } }];
    const update = await loadPage();
    await expect(update.begin('1.1.0')).rejects.toThrow('Es läuft schon ein Vorgang.');
    expect(update.isShown).toBe(false);
  });

  it('uncovers the app and says why when it does not begin', async () => {
    server.startAnswer = [429, { error: 'Zu viele Versuche.' }];
    const update = await loadPage();
    await expect(update.begin('1.1.0')).rejects.toThrow('Zu viele Versuche.');
    expect([update.stage, update.isShown]).toEqual(['idle', false]);
  });

  it('lets go when it was hidden: the page is not covered or loaded again by it', async () => {
    const update = await loadPage();
    await update.begin('1.1.0');
    server.door = RUNNING;
    await pass(1);
    update.hide();
    server.release = '1.1.0';
    await pass(10);
    expect([update.isShown, reloads]).toEqual([false, 0]);
    const again = await loadPage();
    again.resume();
    await pass(1);
    expect([again.stage, again.isShown]).toEqual(['running', false]);
  });
});
