import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const QUIET = { phase: '', percent: 0, running: false, mixed: false };

let door: Record<string, unknown> | null;
let answers: string;
let focused: { matches: () => boolean } | null;
let reloads: number;

async function page(version: string) {
  vi.resetModules();
  const { connection } = await import('./connection.svelte');
  connection.start(version);
  return connection;
}

beforeEach(() => {
  vi.useFakeTimers();
  [door, answers, focused, reloads] = [QUIET, '1.0.0', null, 0];
  vi.stubGlobal('location', { reload: () => (reloads += 1) });
  vi.stubGlobal('window', { addEventListener: () => {} });
  vi.stubGlobal('document', {
    addEventListener: () => {},
    visibilityState: 'visible',
    get activeElement() {
      return focused;
    },
    querySelector: () => null,
  });
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === '/api/health') return Response.json({ status: 'ok', version: answers });
    if (door === null) throw new TypeError('network');
    return Response.json(door);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe('a page whose server becomes another version', () => {
  it('loads again, once it was heard twice', async () => {
    const connection = await page('1.0.0');
    connection.answered('1.1.0');
    expect(reloads).toBe(0);
    answers = '1.1.0';
    await pass(2.5);
    expect(reloads).toBe(1);
  });

  it('does not while slots of both versions answer in turn', async () => {
    const connection = await page('1.0.0');
    door = { ...QUIET, running: true, mixed: true };
    answers = '1.1.0';
    connection.answered('1.1.0');
    await pass(30);
    expect(reloads).toBe(0);
    door = { ...QUIET, running: true };
    await pass(2.5);
    expect(reloads).toBe(1);
  });

  it('stays when the version before serves again', async () => {
    const connection = await page('1.0.0');
    door = { ...QUIET, running: true, mixed: true };
    answers = '1.1.0';
    connection.answered('1.1.0');
    await pass(10);
    [door, answers] = [QUIET, '1.0.0'];
    await pass(60);
    expect(reloads).toBe(0);
  });

  it('takes a silent door for no objection', async () => {
    const connection = await page('1.0.0');
    [door, answers] = [null, '1.1.0'];
    connection.answered('1.1.0');
    await pass(2.5);
    expect(reloads).toBe(1);
  });

  it('asks instead while somebody types, and loads when nobody does any more', async () => {
    const connection = await page('1.0.0');
    [focused, answers] = [{ matches: () => true }, '1.1.0'];
    connection.answered('1.1.0');
    await pass(2.5);
    expect([connection.newVersion, reloads]).toEqual(['1.1.0', 0]);
    focused = null;
    await pass(2.5);
    expect(reloads).toBe(1);
  });
});
