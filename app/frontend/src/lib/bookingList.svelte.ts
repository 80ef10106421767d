/** An endless list of bookings, newest first. */
import { get, Refused, Unreachable } from './api';
import type { Booking, BookingPage } from './types';

export interface BookingFilter {
  article?: string;
  location?: string;
  kind?: string;
}

export class BookingList {
  rows = $state.raw<Booking[]>([]);
  isLoading = $state(false);
  hasLoaded = $state(false);

  #filter: BookingFilter;
  #after: string | null = null;

  constructor(filter: BookingFilter = {}) {
    this.#filter = filter;
  }

  get hasMore(): boolean {
    return this.#after !== null;
  }

  /** The newest page. What was loaded before it stays when the two meet, so that nobody loses the place. */
  async load(): Promise<void> {
    const page = await this.#page(null);
    if (!page) return;
    const known = new Set(this.rows.map((row) => row.id));
    const isJoined = page.rows.some((row) => known.has(row.id));
    if (isJoined) this.#merge(page.rows);
    else [this.rows, this.#after] = [page.rows, page.after];
    this.hasLoaded = true;
  }

  /** One that was booked just now, here or on another device. */
  add(booking: Booking): void {
    if (this.hasLoaded && !this.rows.some((row) => row.id === booking.id)) this.#merge([booking]);
  }

  async more(): Promise<void> {
    if (!this.#after || this.isLoading) return;
    const page = await this.#page(this.#after);
    if (!page) return;
    const known = new Set(this.rows.map((row) => row.id));
    this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.id))];
    this.#after = page.after;
  }

  /** An old row may have been undone by one that came just now. A page may be older than what live events have brought since it was asked for. */
  #merge(newest: Booking[]): void {
    const fresh = new Set(newest.map((row) => row.id));
    const undone = new Map(newest.map((row) => [row.undoes, row.id]));
    const older = this.rows.filter((row) => !fresh.has(row.id));
    const told = older.map((row) => ({ ...row, undone_by: row.undone_by ?? undone.get(row.id) ?? null }));
    this.rows = [...newest, ...told].sort(newestFirst);
  }

  async #page(after: string | null): Promise<BookingPage | null> {
    const query = new URLSearchParams({ ...this.#filter, ...(after && { after }) });
    this.isLoading = true;
    try {
      return await get<BookingPage>(`/api/bookings?${query}`);
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Refused) return null;
      throw error;
    } finally {
      this.isLoading = false;
    }
  }
}

/** The server's order; times are all written alike. */
function newestFirst(one: Booking, other: Booking): number {
  if (one.at === other.at) return one.id < other.id ? 1 : -1;
  return one.at < other.at ? 1 : -1;
}
