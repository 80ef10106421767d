/** What lies at a place and inside it, loaded page by page. */
import { get, Refused, Unreachable } from './api';
import type { LyingPage, LyingRow } from './types';

export class LyingList {
  rows = $state.raw<LyingRow[]>([]);
  hasLoaded = $state(false);

  #location: string;
  #after: string | null = null;
  #isLoading = false;

  constructor(location: string) {
    this.#location = location;
  }

  /** As much as is shown now, anew. */
  async load(): Promise<void> {
    const page = await this.#page(null, Math.min(Math.max(this.rows.length, 50), 200));
    if (!page) return;
    [this.rows, this.#after, this.hasLoaded] = [page.rows, page.after, true];
  }

  async more(): Promise<void> {
    if (!this.#after || this.#isLoading) return;
    const page = await this.#page(this.#after, 50);
    if (!page) return;
    const known = new Set(this.rows.map((row) => row.article.id));
    this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.article.id))];
    this.#after = page.after;
  }

  async #page(after: string | null, limit: number): Promise<LyingPage | null> {
    const query = new URLSearchParams({ limit: String(limit), ...(after && { after }) });
    this.#isLoading = true;
    try {
      return await get<LyingPage>(`/api/locations/${this.#location}/stock?${query}`);
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Refused) return null;
      throw error;
    } finally {
      this.#isLoading = false;
    }
  }
}
