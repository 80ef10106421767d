/** The list of articles: what is searched for, and the pages loaded so far. Outlives the page that shows it. */
import { get, Refused, Unreachable } from './api';
import { keepDraft, readDraft } from './drafts';
import type { Article, ArticleOptions, ArticlePage, ArticleRow } from './types';

interface Filters {
  text: string;
  category: string;
  supplier: string;
  location: string;
}

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
    this.rows = this.rows.filter((row) => row.id !== id);
    if (this.total !== null) this.total -= 1;
  }

  async #page(after: string | null): Promise<ArticlePage | null> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.isLoading = true;
    try {
      return await get<ArticlePage>(`/api/articles?${this.#query(after)}`, running.signal);
    } catch (error) {
      if (running.signal.aborted || error instanceof Unreachable || error instanceof Refused) return null;
      throw error;
    } finally {
      if (this.#running === running) this.isLoading = false;
    }
  }

  #query(after: string | null): string {
    const { text, category, supplier, location } = this.filters;
    const query = new URLSearchParams();
    if (text.trim()) query.set('q', text.trim());
    if (category) query.set('category', category);
    if (supplier) query.set('supplier', supplier);
    if (location) query.set('location', location);
    if (after) query.set('after', after);
    return query.toString();
  }
}

export const articleList = new ArticleList();
