/** The list of articles: what is searched for, and the pages loaded so far. Outlives the page that shows it. */
import { get, Refused, Unreachable } from './api';
import { keepDraft, readDraft } from './drafts';
import { debounced, gathered } from './forms';
import { live } from './live.svelte';
import type { Article, ArticleChange, ArticleOptions, ArticlePage, ArticleRow, BookingChange } from './types';

interface Filters {
  text: string;
  category: string;
  supplier: string;
  location: string;
}

const PAGE = 50;
const REFRESH_MAX = 200; // rows; the server gives no more at once
const REFRESH_WAIT_MS = 300;
const ASKED_SINGLY = 8; // articles; for more, the list is loaded again
const NONE: Filters = { text: '', category: '', supplier: '', location: '' };

class ArticleList {
  filters = $state<Filters>(readDraft<Filters>('filters') ?? { ...NONE });
  rows = $state<ArticleRow[]>([]);
  total = $state<number | null>(null);
  isLoading = $state(false);
  hasLoaded = $state(false);
  options = $state<ArticleOptions>({ units: [], categories: [], suppliers: [] });

  #after: string | null = null;
  #running: AbortController | null = null;
  #booked = new Set<string>();
  #restockSoon = gathered(() => void this.#restock(), REFRESH_WAIT_MS);
  #refreshSoon = debounced(() => void this.#refresh(), REFRESH_WAIT_MS);

  get hasMore(): boolean {
    return this.#after !== null;
  }

  get isFiltered(): boolean {
    return Object.values(this.filters).some((value) => value !== '');
  }

  /** The first page for the present filters; an older question still under way is dropped. */
  async load(): Promise<void> {
    keepDraft('filters', this.filters);
    const page = await this.#page(null);
    if (!page) return;
    this.rows = page.articles;
    this.total = page.total;
    this.#after = page.after;
    this.hasLoaded = true;
  }

  async more(): Promise<void> {
    if (!this.#after || this.isLoading) return;
    const page = await this.#page(this.#after);
    if (!page) return;
    this.rows.push(...page.articles);
    this.#after = page.after;
  }

  async loadOptions(): Promise<void> {
    this.options = await get<ArticleOptions>('/api/articles/options');
  }

  choose(filters: Partial<Filters>): void {
    this.filters = { ...NONE, ...filters };
  }

  /** Show an edited article in its row without loading the list again. */
  replace(article: Article): void {
    this.rows = this.rows.map((row) => (row.id === article.id ? article : row));
  }

  remove(id: string): void {
    const kept = this.rows.filter((row) => row.id !== id);
    if (this.total !== null) this.total -= this.rows.length - kept.length;
    this.rows = kept;
  }

  /** Somebody else's change: at once where it is in sight, then the order and what is new from the server. */
  apply({ action, id, row }: ArticleChange): void {
    if (!this.hasLoaded) return;
    if (action === 'deleted') this.remove(id);
    else this.rows = this.rows.map((shown) => (shown.id === id ? { ...shown, ...row } : shown));
    if (action !== 'deleted') this.#refreshSoon();
  }

  /** Somebody booked: the sums of the rows in sight come from the server, so that none is counted twice. */
  restock({ stock }: BookingChange): void {
    const shown = new Set(this.rows.map((row) => row.id));
    for (const { article_id } of stock) if (shown.has(article_id)) this.#booked.add(article_id);
    if (this.#booked.size) this.#restockSoon();
  }

  async #restock(): Promise<void> {
    const ids = [...this.#booked];
    this.#booked.clear();
    if (ids.length > ASKED_SINGLY) return this.#refresh();
    const found = await Promise.allSettled(ids.map((id) => get<Article>(`/api/articles/${id}`)));
    for (const answer of found) if (answer.status === 'fulfilled') this.replace(answer.value);
  }

  /** As many rows as are shown, so that nothing moves under the reader but what has changed. */
  async #refresh(): Promise<void> {
    if (this.isLoading || this.rows.length > REFRESH_MAX) return;
    const page = await this.#page(null, Math.max(this.rows.length, PAGE));
    if (!page) return;
    this.rows = page.articles;
    this.total = page.total;
    this.#after = page.after;
  }

  async #page(after: string | null, limit = PAGE): Promise<ArticlePage | null> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.isLoading = true;
    try {
      return await get<ArticlePage>(`/api/articles?${this.#query(after, limit)}`, running.signal);
    } catch (error) {
      if (running.signal.aborted || error instanceof Unreachable || error instanceof Refused) return null;
      throw error;
    } finally {
      if (this.#running === running) this.isLoading = false;
    }
  }

  #query(after: string | null, limit: number): string {
    const { text, category, supplier, location } = this.filters;
    const query = new URLSearchParams();
    if (text.trim()) query.set('q', text.trim());
    if (category) query.set('category', category);
    if (supplier) query.set('supplier', supplier);
    if (location) query.set('location', location);
    if (after) query.set('after', after);
    query.set('limit', String(limit));
    return query.toString();
  }
}

export const articleList = new ArticleList();
live.on<ArticleChange>('article', (change) => articleList.apply(change));
live.on<BookingChange>('booking', (change) => articleList.restock(change));
