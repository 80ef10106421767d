/**
 * Is the server there? One poller asks while it is not, everybody else only reads the state.
 *
 * „maintenance“: the gate (or the app itself) answers 503. „lost“: no answer at all. When another version answers, the
 * page loads again by itself, but not under somebody's fingers; what was typed is kept as a draft (see drafts.ts).
 */
import { hear, isMixed, type Progress } from './progress';
import type { Health } from './types';

type State = 'ok' | 'maintenance' | 'lost';

const HEARTBEAT_MS = 15_000;
const MAINTENANCE_POLL_MS = 1_000;
const LOST_POLL_MS = [500, 1_000, 2_000];
const OTHER_VERSION_SEEN = 2; // answers in a row, so that two slots whose door is silent cause no flicker
const OTHER_VERSION_POLL_MS = 2_000;

class Connection {
  state = $state<State>('ok');
  text = $state<string | null>(null);
  progress = $state<Progress | null>(null);
  newVersion = $state<string | null>(null);
  /** Grows each time the server is back: effects that read it load again. */
  epoch = $state(0);
  /** Somebody else decides when the page loads again (an update that is being watched, see update.svelte.ts). */
  isHeld = false;

  #version: string | null = null;
  #otherSeen = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #isAsking = false;

  /** The version this page belongs to. */
  start(version: string): void {
    this.#version = version;
    this.#schedule(HEARTBEAT_MS);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#ask());
    window.addEventListener('online', () => this.#ask());
  }

  answered(version: string | null): void {
    if (version) this.#otherSeen = this.#isOther(version) ? this.#otherSeen + 1 : 0;
    if (this.#otherSeen >= OTHER_VERSION_SEEN) void this.#offer(version);
    if (this.state !== 'ok') this.#recover(version);
    else if (this.#otherSeen === 1) this.#schedule(OTHER_VERSION_POLL_MS);
  }

  interrupted(text: string | null): void {
    this.text = text;
    if (this.state !== 'maintenance') this.#enter('maintenance', MAINTENANCE_POLL_MS);
  }

  lost(): void {
    if (this.state === 'ok') this.#enter('lost', LOST_POLL_MS[0] ?? 500);
  }

  #isOther(version: string | null): boolean {
    return version !== null && this.#version !== null && version !== this.#version;
  }

  /** Not while slots of both versions answer in turn: the page would soon meet the other one again. */
  async #offer(version: string | null): Promise<void> {
    if (this.isHeld || this.#isAsking) return;
    this.#isAsking = true;
    const isTooEarly = isMixed(await hear());
    this.#isAsking = false;
    if (isTooEarly || this.isHeld || this.#otherSeen < OTHER_VERSION_SEEN) return;
    const isTyping = document.activeElement?.matches('input, textarea, select') || document.querySelector('dialog[open]');
    if (isTyping) this.newVersion = version;
    else location.reload();
  }

  #enter(state: State, wait: number): void {
    this.state = state;
    this.#attempt = 0;
    this.#schedule(wait);
  }

  #recover(version: string | null): void {
    if (this.#isOther(version) && !this.isHeld) {
      location.reload();
      return;
    }
    this.state = 'ok';
    this.text = this.progress = null;
    this.epoch += 1;
    this.#schedule(HEARTBEAT_MS);
  }

  #schedule(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.state === 'ok' && document.visibilityState !== 'visible') return this.#schedule(HEARTBEAT_MS);
    try {
      const response = await fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(4_000) });
      if (response.ok) this.answered(((await response.json()) as Health).version);
      else await this.#notReady(response);
    } catch {
      this.state = this.state === 'maintenance' ? 'maintenance' : 'lost';
    }
    this.#attempt += 1;
    this.#schedule(this.#wait());
  }

  async #notReady(response: Response): Promise<void> {
    this.state = 'maintenance';
    const answer = (await response.json().catch(() => ({}))) as { error?: string };
    this.text = answer.error ?? this.text;
    await this.#askProgress();
  }

  /** The gate's door knows how far an update is; where there is none, the banner does without. */
  async #askProgress(): Promise<void> {
    const heard = await hear();
    if (typeof heard !== 'string') this.progress = heard;
  }

  #wait(): number {
    if (this.state === 'ok') return this.#otherSeen ? OTHER_VERSION_POLL_MS : HEARTBEAT_MS;
    if (this.state === 'maintenance') return MAINTENANCE_POLL_MS;
    return LOST_POLL_MS[Math.min(this.#attempt, LOST_POLL_MS.length - 1)] ?? 3_000;
  }
}

export const connection = new Connection();
