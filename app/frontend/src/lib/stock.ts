/** What a booking leaves behind: the new quantities, applied to what is shown. */
import { isZero, sum } from './amount';
import { places } from './places.svelte';
import type { Stock, StockChange, StockRow } from './types';

/** The article's stock after it; the same object when the booking did not touch the article. */
export function withChanges(stock: Stock, article: string, changes: StockChange[]): Stock {
  const own = changes.filter((change) => change.article_id === article);
  if (!own.length) return stock;
  const now = new Map(own.map((change) => [change.location_id, change.quantity]));
  const kept = stock.rows.map((row) => ({ ...row, quantity: now.get(row.location.id) ?? row.quantity }));
  const known = new Set(kept.map((row) => row.location.id));
  const fresh = [...now].filter(([location]) => !known.has(location)).map(([location, quantity]) => rowOf(location, quantity));
  const rows = [...kept, ...fresh].filter((row) => !isZero(row.quantity));
  return { rows, total: sum(...rows.map((row) => row.quantity)) };
}

function rowOf(location: string, quantity: string): StockRow {
  const place = places.byId(location);
  return { location: { id: location, name: place?.name ?? '', code: place?.code ?? '' }, quantity };
}
