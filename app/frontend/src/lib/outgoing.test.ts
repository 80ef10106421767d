import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const sent: unknown[] = [];
let answer: () => unknown = () => ({});

vi.mock('./api', () => {
  class Refused extends Error {
    constructor(readonly status: number, message: string, readonly fields: Record<string, string> = {}) {
      super(message);
    }
  }
  class Unreachable extends Error {}
  const post = async (_path: string, body: unknown): Promise<unknown> => {
    sent.push(body);
    return answer();
  };
  return { Refused, Unreachable, post };
});

const { Refused, Unreachable } = await import('./api');
const { Outgoing } = await import('./outgoing.svelte');
const { newBooking } = await import('./bookingForm');

const cut = (): never => {
  throw new Unreachable('Keine Verbindung zum Server.');
};
const no = (status: number) => (): never => {
  throw new Refused(status, 'So nicht.', { note: 'Zu lang.' });
};

const opened = (user = 'petra'): InstanceType<typeof Outgoing> => {
  const outgoing = new Outgoing();
  outgoing.open(user);
  return outgoing;
};

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
    removeItem: (key: string) => kept.delete(key),
  });
  sent.length = 0;
  answer = () => ({ id: 'b1' });
});
afterEach(() => vi.unstubAllGlobals());

describe('a booking on its way', () => {
  it('is gone when the server has it', async () => {
    const outgoing = opened();
    expect(await outgoing.send(newBooking('out'))).toEqual({ id: 'b1' });
    expect(outgoing.all).toEqual([]);
  });

  it('waits without a connection, survives a reload and is then sent once, with the same key', async () => {
    answer = cut;
    const values = newBooking('out');
    expect(await opened().send(values)).toBeNull();
    const reloaded = opened();
    expect(reloaded.waiting.map((parcel) => parcel.values.key)).toEqual([values.key]);
    answer = () => ({ id: 'b1' });
    expect(await reloaded.flush()).toHaveLength(1);
    expect(await reloaded.flush()).toHaveLength(0);
    expect(sent.map((body) => (body as { key: string }).key)).toEqual([values.key, values.key]);
  });

  it('is not sent twice by two turns that begin together', async () => {
    answer = cut;
    const outgoing = opened();
    await outgoing.send(newBooking('out'));
    sent.length = 0;
    answer = () => ({ id: 'b1' });
    const turns = await Promise.all([outgoing.flush(), outgoing.flush()]);
    expect([sent.length, turns.flat().length]).toEqual([1, 1]);
  });

  it('goes back to the form when it is refused at once', async () => {
    answer = no(422);
    const outgoing = opened();
    await expect(outgoing.send(newBooking('out'))).rejects.toThrow('So nicht.');
    expect(outgoing.all).toEqual([]);
  });

  it('says so when it is refused later, and does not hold up the next', async () => {
    answer = cut;
    const outgoing = opened();
    await outgoing.send(newBooking('out'));
    await outgoing.send(newBooking('in'));
    answer = vi.fn().mockImplementationOnce(no(422)).mockReturnValue({ id: 'b2' });
    expect((await outgoing.flush()).map((values) => values.kind)).toEqual(['in']);
    expect(outgoing.all.map((parcel) => [parcel.problem, parcel.fields])).toEqual([['So nicht.', { note: 'Zu lang.' }]]);
  });

  it('waits while nobody is signed in', async () => {
    answer = no(401);
    const outgoing = opened();
    expect(await outgoing.send(newBooking('out'))).toBeNull();
    expect(outgoing.waiting).toHaveLength(1);
  });

  it('belongs to who made it', async () => {
    answer = cut;
    await opened('petra').send(newBooking('out'));
    expect(opened('klaus').all).toEqual([]);
    expect(opened('petra').all).toHaveLength(1);
  });
});
