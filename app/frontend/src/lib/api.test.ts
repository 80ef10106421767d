import { afterEach, expect, test, vi } from 'vitest';
import { get, Unreachable } from './api';

vi.mock('./connection.svelte', () => ({ connection: { answered: () => {}, lost: () => {}, interrupted: () => {} } }));

afterEach(() => vi.unstubAllGlobals());

test('an answer that breaks off is none', async () => {
  const broken = new ReadableStream({ pull: (stream) => stream.error(new TypeError('Failed to fetch')) });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(broken, { status: 200 })));
  await expect(get('/api/articles')).rejects.toBeInstanceOf(Unreachable);
});
