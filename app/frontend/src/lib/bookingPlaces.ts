/** Which locations a booking most likely means, the best first. */
import { isLess, isZero } from './amount';
import type { Stock } from './types';

export interface Suggestion {
  id: string;
  /** What lies there now; null when nothing is known of it. */
  quantity: string | null;
}

/** What is known of a line's article. `homes` are the locations it belongs to. */
export interface Known {
  homes: string[];
  stock: Stock | null;
}

const SHOWN = 5;

/** Where something can be taken from: where most lies first. Where it belongs but is used up only matters to who counts. */
export function sources({ homes, stock }: Known, isCount = false): Suggestion[] {
  const filled = stored(stock).filter((place) => !isZero(place.quantity ?? '0'));
  const rest = homes.filter((home) => !filled.some((place) => place.id === home));
  if (filled.length && !isCount) return filled.slice(0, SHOWN);
  return [...filled, ...rest.map((id) => ({ id, quantity: stock ? '0' : null }))].slice(0, SHOWN);
}

/** Where something can go: where it belongs, where some lies already, and where one went last. */
export function targets({ homes, stock }: Known, recent: string[], not = ''): Suggestion[] {
  const there = new Map(stored(stock).map((place) => [place.id, place.quantity]));
  const ids = [...new Set([...homes, ...there.keys(), ...recent])].filter((id) => id !== not);
  return ids.slice(0, SHOWN).map((id) => ({ id, quantity: there.get(id) ?? null }));
}

/** The place that needs no asking: the wished one if it fits, else the only one there is. */
export function obvious(suggestions: Suggestion[], wished: string): string {
  if (suggestions.some((place) => place.id === wished)) return wished;
  const filled = suggestions.filter((place) => place.quantity !== null && isLess('0', place.quantity));
  if (filled.length === 1) return filled[0]?.id ?? '';
  return suggestions.length === 1 ? (suggestions[0]?.id ?? '') : '';
}

function stored(stock: Stock | null): Suggestion[] {
  const rows = (stock?.rows ?? []).map((row) => ({ id: row.location.id, quantity: row.quantity }));
  return rows.sort((one, other) => (isLess(one.quantity, other.quantity) ? 1 : isLess(other.quantity, one.quantity) ? -1 : 0));
}
