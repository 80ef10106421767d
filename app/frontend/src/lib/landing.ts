/**
 * When is the new version really there? During a rolling update old and new slots answer in turn; a page that loads then
 * may get its parts from both. The door says so as long as it is so. It may be silent, and answers may lie: the gate
 * prefers slots with fewer connections, and a fresh one has none. So once something new was heard, several requests at
 * once have to be answered by it, twice in a row, while the door does not object.
 */
export const AT_ONCE = 4;
const ROUNDS = 2;

export class Landing {
  #agreed = 0;
  #isNear = false;

  constructor(readonly from: string | null) {}

  /** How many to ask next. */
  get wanted(): number {
    return this.#isNear ? AT_ONCE : 1;
  }

  /** Tell what answered, and what the door said at the same time; true when the page may load again. */
  heard(releases: (string | null)[], isMixed = false): boolean {
    const isNew = (release: string | null): boolean => release !== null && release !== this.from;
    const isWhole = !isMixed && releases.length >= AT_ONCE && releases.every(isNew);
    this.#isNear = releases.some(isNew);
    this.#agreed = isWhole ? this.#agreed + 1 : 0;
    return this.#agreed >= ROUNDS;
  }
}
