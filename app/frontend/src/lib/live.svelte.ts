/**
 * Every change on every device at once. The page knows the number of the last event it has applied; after each
 * interruption it gets exactly what follows, in order, or is told to load everything afresh („reset“).
 */
import { io, type Socket } from 'socket.io-client';
import { get } from './api';
import { connection } from './connection.svelte';

/** What the page knows already: all events of `epoch` up to number `seq`. */
export interface Position {
  epoch: string;
  seq: number;
}

interface LiveEvent {
  seq: number;
  at: string;
  kind: string;
  body: unknown;
}

type State = 'live' | 'offline' | 'connecting';
type Callback<Body> = (body: Body, event: LiveEvent) => void;

const RECONNECT_MS = 250; // times 0.5 to 1.5, doubled with each attempt
const RECONNECT_MAX_MS = 2_000;
const CONNECT_TIMEOUT_MS = 4_000;
const OFFLINE_AFTER_MS = 3_000; // a slot that is exchanged is back sooner, and nobody needs to be told
const ASK_AGAIN_MS = 10_000;

class Live {
  state = $state<State>('connecting');
  /** When not live: how fresh what is shown is. */
  since = $state(new Date());
  /** Who else looks at the watched thing. */
  others = $state<string[]>([]);

  #known: Position | null = null;
  #socket: Socket | null = null;
  #heard = new Date();
  #asked = 0;
  #watched: { kind: string; id: string } | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;
  readonly #callbacks = new Map<string, Set<Callback<never>>>();

  /** Once somebody is signed in. `known` came before the data that the page shows. */
  start(known: Position | null): void {
    if (this.#socket) return;
    this.#known = known;
    const socket = (this.#socket = io({
      path: '/api/live/',
      transports: ['websocket'],
      auth: (send) => send(this.#known ?? {}),
      reconnectionDelay: RECONNECT_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
      randomizationFactor: 0.5,
      timeout: CONNECT_TIMEOUT_MS,
    }));
    socket.on('position', (position: Position & { reset: boolean }) => this.#placed(position));
    socket.on('events', (batch: { epoch: string; events: LiveEvent[] }, confirm?: () => void) => this.#take(batch, confirm));
    socket.on('present', (told: { kind: string; id: string; names: string[] }) => this.#present(told));
    socket.on('disconnect', () => this.#interrupted());
    socket.on('connect_error', () => this.#refused());
    socket.io.on('ping', () => (this.#heard = new Date()));
    this.#wait();
  }

  /** Calls back for each event of this kind until the returned function is called; „reset“ means: load afresh. */
  on<Body>(kind: string, callback: Callback<Body>): () => void {
    const callbacks = this.#callbacks.get(kind) ?? new Set();
    this.#callbacks.set(kind, callbacks.add(callback as Callback<never>));
    return () => callbacks.delete(callback as Callback<never>);
  }

  /** This page shows that thing, until the returned function is called; `others` tells who else does. */
  watch(kind: string, id: string): () => void {
    const watched = { kind, id };
    this.#look(watched);
    return () => this.#watched === watched && this.#look(null);
  }

  #look(at: { kind: string; id: string } | null): void {
    this.#watched = at;
    this.others = [];
    if (this.#socket?.connected) this.#socket.emit('watch', at);
  }

  #placed({ epoch, seq, reset }: Position & { reset: boolean }): void {
    clearTimeout(this.#patience);
    this.#heard = new Date();
    this.state = 'live';
    if (this.#watched) this.#look(this.#watched);
    if (!reset) return;
    this.#known = { epoch, seq };
    this.#dispatch({ seq, at: '', kind: 'reset', body: null });
    connection.epoch += 1;
  }

  #take(batch: { epoch: string; events: LiveEvent[] }, confirm?: () => void): void {
    this.#heard = new Date();
    for (const event of batch.events) {
      if (!this.#known || this.#known.epoch !== batch.epoch || event.seq <= this.#known.seq) continue;
      this.#known = { epoch: batch.epoch, seq: event.seq };
      this.#dispatch(event);
    }
    confirm?.(); // the server asks now and then
  }

  #dispatch(event: LiveEvent): void {
    for (const callback of this.#callbacks.get(event.kind) ?? []) {
      try {
        callback(event.body as never, event);
      } catch (error) {
        reportError(error); // one page's mistake must not keep the event from the others
      }
    }
  }

  #present(told: { kind: string; id: string; names: string[] }): void {
    if (told.kind === this.#watched?.kind && told.id === this.#watched.id) this.others = told.names;
  }

  #interrupted(): void {
    this.since = this.#heard;
    this.others = [];
    this.#wait();
  }

  #wait(): void {
    this.state = 'connecting';
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => (this.state = 'offline'), OFFLINE_AFTER_MS);
  }

  /** A browser does not say why it got no socket. If the session has ended, this question is answered with 401. */
  #refused(): void {
    if (Date.now() - this.#asked < ASK_AGAIN_MS || connection.state !== 'ok') return;
    this.#asked = Date.now();
    get('/api/account').catch(() => {});
  }
}

export const live = new Live();
