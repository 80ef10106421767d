import { expect, it } from 'vitest';
import { amountOf, byDay, signed, waysOf } from './bookings';
import { formatDayHeading } from './german';
import type { BookedLine, Booking } from './types';

const place = (code: string) => ({ id: code, name: code, code });
const line = (from: string | null, to: string | null, quantity: string, id = 'a1'): BookedLine => ({
  article: { id, name: 'Rohr', number: '1', unit: 'm' },
  from: from === null ? null : place(from),
  to: to === null ? null : place(to),
  quantity,
});
const booking = (lines: BookedLine[], at = '2026-11-21T10:00:00Z'): Booking => ({
  id: at, number: 'B-1', kind: 'out', reason: '', note: '', at, by: { id: 'u', name: 'Petra' }, undoes: null, undone_by: null, lines,
});

it('shows which way an amount went', () => {
  expect([line(null, 'HL', '2.5'), line('HL', null, '1200'), line('HL', 'FZ', '3')].map(signed)).toEqual(['+2,5 m', '−1.200 m', '3 m']);
});

it('names each way once', () => expect(waysOf(booking([line('HL', 'FZ', '1'), line('HL', 'FZ', '2'), line('R2', null, '1')]))).toBe('HL → FZ, R2'));

it('sums up what it means for one article', () => {
  const mixed = booking([line('HL', null, '2'), line(null, 'HL', '0.5'), line('HL', 'FZ', '9'), line('HL', null, '7', 'a2')]);
  expect(amountOf(mixed, 'a1')).toBe('-1.5');
});

it('gathers the rows of a day', () => {
  const now = new Date('2026-11-21T12:00:00');
  const rows = ['2026-11-21T09:00:00', '2026-11-21T08:00:00', '2026-11-20T23:59:00', '2026-11-13T08:00:00'].map((at) => booking([], at));
  expect(byDay(rows, now).map((day) => [day.heading, day.rows.length])).toEqual([['Heute', 2], ['Gestern', 1], ['Freitag, 13. November', 1]]);
  expect(formatDayHeading('2025-11-21T09:00:00', now)).toBe('Freitag, 21. November 2025');
});
