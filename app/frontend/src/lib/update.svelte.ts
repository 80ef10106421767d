/**
 * An update started in this browser, from the click to its end: through the maintenance page, a restarted agent, a
 * reload of the page. What is followed is kept in sessionStorage, so that the page that comes back knows it.
 */
import { get, Refused, Unreachable } from './api';
import { connection } from './connection.svelte';
import { ask } from './door';
import { Landing } from './landing';
import { answering, hear, isMixed, type Heard, type Progress, type Result } from './progress';
import { session } from './session.svelte';
import type { PastRun, PublishedSystem } from './types';

/** `page`: the version of the page that began it, `from`: the release that answered then, `to`: the one that was offered.
 * `isCovered`: the overlay lies over the app and will load the page again, once; not after that, or when it was hidden. */
interface Followed {
  run: string;
  page: string;
  from: string | null;
  to: string | null;
  isCovered: boolean;
}

export interface Ended {
  result: Result;
  before: string | null;
  after: string | null;
  /** Empty when it is not known. */
  code: string;
  /** What the operator is told. */
  message: string;
}

type Stage = 'idle' | 'starting' | 'running' | 'landing' | 'ended';

const KEY = 'lager.update';
const TURN_MS = 500;
const NEAR_MS = 200;
const READABLE_MS = 800; // „Update wird gestartet…“ is there long enough to be read
const REASON_TRIES = 20;
const STRANGE_TURNS = 4;
const GIVE_UP_TURNS = 10;

class Update {
  stage = $state<Stage>('idle');
  progress = $state<Progress | null>(null);
  /** The agent or the whole server does not answer for the moment. */
  silence = $state<'silent' | 'lost' | null>(null);
  ended = $state<Ended | null>(null);
  /** Whether the overlay covers the app. */
  isShown = $state(false);
  to = $state<string | null>(null);
  /** The agent has been seen at work. */
  hasBegun = $state(false);

  #followed: Followed | null = null;
  #strange = 0;

  /** Raises Refused or Unreachable when it does not begin; then nothing is covered any more. */
  async begin(to: string | null): Promise<void> {
    this.#show('starting', to);
    try {
      const from = await answering();
      this.#keep({ run: await ask('start-update'), page: session.version, from, to, isCovered: this.isShown });
    } catch (error) {
      this.#close();
      throw error;
    }
    void this.#follow();
  }

  /** After the page has loaded: go on where it was. The new version is not covered again. */
  resume(): void {
    if (this.#followed) return;
    this.#followed = read();
    if (!this.#followed) return;
    if (this.#followed.page !== session.version) this.#keep({ ...this.#followed, isCovered: false });
    if (this.#followed.isCovered) this.#show('running', this.#followed.to);
    this.hasBegun = true;
    void this.#follow();
  }

  /** Work on while it goes on; the connection loads the page again when the new version is there. */
  hide(): void {
    if (this.stage === 'ended') return this.#close();
    if (this.#followed) this.#keep({ ...this.#followed, isCovered: false });
    this.isShown = connection.isHeld = false;
  }

  #show(stage: Stage, to: string | null): void {
    [this.stage, this.to, this.hasBegun, this.progress, this.silence, this.ended] = [stage, to, false, null, null, null];
    this.isShown = connection.isHeld = true;
  }

  #close(): void {
    this.stage = 'idle';
    this.isShown = connection.isHeld = false;
    this.#followed = this.ended = null;
    sessionStorage.removeItem(KEY);
  }

  #keep(followed: Followed): void {
    this.#followed = followed;
    sessionStorage.setItem(KEY, JSON.stringify(followed));
  }

  async #follow(): Promise<void> {
    const landing = new Landing(this.#followed?.from ?? null);
    if (this.stage === 'starting') await pause(READABLE_MS);
    this.stage = 'running';
    while (this.#followed && this.stage === 'running') {
      const asked = this.#followed.isCovered ? landing.wanted : 0;
      const [heard, releases] = await Promise.all([hear(), releasesOf(asked)]);
      if (!this.#followed) return;
      this.#tell(heard);
      if (asked && landing.heard(releases, isMixed(heard))) this.#land();
      else if (typeof heard !== 'string') await this.#endIf(heard, this.#followed);
      await pause(asked > 1 ? NEAR_MS : TURN_MS);
    }
  }

  #tell(heard: Heard): void {
    this.silence = typeof heard === 'string' ? heard : null;
    if (typeof heard === 'string') return;
    this.progress = heard;
    this.hasBegun ||= heard.running === true;
  }

  /** Load again; from then on the new version's page follows to the end. */
  #land(): void {
    if (!this.#followed?.isCovered) return;
    this.stage = 'landing';
    this.#keep({ ...this.#followed, isCovered: false });
    location.reload();
  }

  async #endIf(heard: Progress, followed: Followed): Promise<void> {
    const isOurs = heard.instance === followed.run;
    if (heard.running) this.#strange = 0;
    // Right after the start the door may still tell of the run before; later something else may have run since.
    else if (!isOurs) this.#strange += 1;
    if (heard.running || (isOurs ? !heard.result : this.#strange < STRANGE_TURNS)) return;
    const past = await pastRun(followed.run);
    const result = past?.result ?? (isOurs ? heard.result : null);
    if (result === 'updated' && followed.isCovered) this.#land();
    else if (result) this.#end(result, past, followed);
    else if (this.#strange > GIVE_UP_TURNS) this.#close();
  }

  /** What went wrong is shown over everything, and again after a reload, until somebody has closed it. */
  #end(result: Result, past: PastRun | null, followed: Followed): void {
    const before = past?.from ?? followed.from;
    this.ended = { result, before, after: past?.to ?? followed.to, code: past?.code ?? '', message: past?.message ?? '' };
    this.stage = 'ended';
    this.isShown = result !== 'updated';
    connection.isHeld = false;
    if (result === 'updated') sessionStorage.removeItem(KEY);
    connection.epoch += 1; // whoever shows versions and history loads them again
  }
}

function releasesOf(count: number): Promise<(string | null)[]> {
  return Promise.all(Array.from({ length: count }, () => answering()));
}

/** The run in the agent's history; null when it cannot be asked now. */
async function pastRun(run: string): Promise<PastRun | null> {
  if (!session.may('admin')) return null;
  for (let turn = 0; turn < REASON_TRIES; turn++) {
    try {
      const found = (await get<PublishedSystem>('/api/v1/system')).history.find((past) => past.run === run);
      if (found) return found;
    } catch (error) {
      if (error instanceof Refused) return null;
      if (!(error instanceof Unreachable)) throw error;
    }
    await pause(TURN_MS);
  }
  return null;
}

function read(): Followed | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Followed | null;
  } catch {
    return null;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export const update = new Update();
