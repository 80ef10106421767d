/** How bookings are told: their kinds in words, and which way an amount went. */
import { sum } from './amount';
import { formatAmount, formatDayHeading } from './german';
import type { BookedLine, Booking, BookingKind } from './types';

export const KIND_WORDS: Record<BookingKind, string> = {
  in: 'Zugang',
  out: 'Entnahme',
  transfer: 'Umlagerung',
  correction: 'Korrektur',
  undo: 'Rücknahme',
};

/** „HL-R2-3“, or „HL-R2-3 → FZ1“ for what went from one place to another. */
export function wayOf(line: BookedLine): string {
  return [line.from, line.to].filter((place) => place !== null).map((place) => place.code).join(' → ');
}

/** The locations of all lines, each way once. */
export const waysOf = (booking: Booking): string => [...new Set(booking.lines.map(wayOf))].join(', ');

/** „+3 Stk“ in, „−3 Stk“ out; without a sign when it only changed its place. */
export function signed(line: BookedLine): string {
  const sign = line.from && line.to ? '' : line.to ? '+' : '−';
  return `${sign}${formatAmount(line.quantity)} ${line.article.unit}`;
}

export type Direction = 'in' | 'out' | 'none';

export function directionOf(line: BookedLine): Direction {
  if (line.from && line.to) return 'none';
  return line.to ? 'in' : 'out';
}

/** The lines of one article as one: what a booking means for its stock. */
export function amountOf(booking: Booking, article: string): string {
  const lines = booking.lines.filter((line) => line.article.id === article);
  const changes = lines.map((line) => (directionOf(line) === 'none' ? '0' : `${line.to ? '' : '-'}${line.quantity}`));
  return sum(...changes);
}

export interface Day {
  heading: string;
  rows: Booking[];
}

/** The rows under „Heute“, „Gestern“ and the days before; they come newest first. */
export function byDay(rows: Booking[], now = new Date()): Day[] {
  const days: Day[] = [];
  for (const row of rows) {
    const heading = formatDayHeading(row.at, now);
    const last = days.at(-1);
    if (last?.heading === heading) last.rows.push(row);
    else days.push({ heading, rows: [row] });
  }
  return days;
}
