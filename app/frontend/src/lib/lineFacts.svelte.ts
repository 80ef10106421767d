/** What the booking form knows of its articles: where they belong and how much lies where, as of now. */
import { get, Refused, Unreachable } from './api';
import type { Known } from './bookingPlaces';
import { live } from './live.svelte';
import { withChanges } from './stock';
import type { Article, BookingChange, Stock, StockChange } from './types';

const NOTHING: Known = { homes: [], stock: null };

class LineFacts {
  #known = $state.raw<Record<string, Known>>({});
  /** Articles that somebody has deleted since. */
  gone = $state<string[]>([]);
  readonly #onTheirWay = new Map<string, Promise<void>>();

  of(article: string): Known {
    return this.#known[article] ?? NOTHING;
  }

  /** How much lies at a place; null when that is not known (yet). */
  present(article: string, location: string): string | null {
    const { stock } = this.of(article);
    return stock && location ? (stock.rows.find((row) => row.location.id === location)?.quantity ?? '0') : null;
  }

  /** Somebody booked while the form is open. */
  apply(changes: StockChange[]): void {
    const known = Object.entries(this.#known).map(([article, { homes, stock }]) => [article, { homes, stock: stock && withChanges(stock, article, changes) }]);
    this.#known = Object.fromEntries(known) as Record<string, Known>;
  }

  load(article: string): Promise<void> {
    const asked: Promise<void> = this.#ask(article).finally(() => this.#onTheirWay.get(article) === asked && this.#onTheirWay.delete(article));
    this.#onTheirWay.set(article, asked);
    return asked;
  }

  /** Resolves when nothing is on its way any more for those of which nothing is known yet. */
  async arrived(articles: string[]): Promise<void> {
    await Promise.all(articles.filter((article) => !this.#known[article]).map((article) => this.#onTheirWay.get(article)));
  }

  async #ask(article: string): Promise<void> {
    try {
      const [found, stock] = await Promise.all([get<Article>(`/api/articles/${article}`), get<Stock>(`/api/articles/${article}/stock`)]);
      this.#known = { ...this.#known, [article]: { homes: found.location_ids, stock } };
      this.gone = this.gone.filter((other) => other !== article);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.gone = [...this.gone, article];
      else if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    }
  }
}

export const lineFacts = new LineFacts();
live.on<BookingChange>('booking', ({ stock }) => lineFacts.apply(stock));
