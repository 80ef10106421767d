import { beforeEach, expect, it, vi } from 'vitest';
import type { Booking, BookingPage } from './types';

const pages: BookingPage[] = [];
vi.mock('./api', () => ({ get: async () => pages.shift(), Refused: class extends Error {}, Unreachable: class extends Error {} }));

const { BookingList } = await import('./bookingList.svelte');

const row = (id: string, undoes: string | null = null): Booking => ({
  id, number: id, kind: undoes ? 'undo' : 'out', reason: '', note: '', at: '', by: { id: '', name: '' }, undoes, undone_by: null, lines: [],
});
const answer = (...ids: string[]): void => void pages.push({ rows: ids.map((id) => row(id)), after: 'more' });

beforeEach(() => void pages.splice(0));

it('puts new rows in front and keeps what was loaded', async () => {
  const list = new BookingList();
  answer('4', '3');
  await list.load();
  answer('2', '1');
  await list.more();
  answer('5', '4');
  await list.load();
  expect(list.rows.map((shown) => shown.id)).toEqual(['5', '4', '3', '2', '1']);
});

it('keeps the order when a page was asked for before the last booking was told of', async () => {
  const list = new BookingList();
  answer('2', '1');
  await list.load();
  list.add(row('3'));
  answer('2', '1');
  await list.load();
  expect(list.rows.map((shown) => shown.id)).toEqual(['3', '2', '1']);
});

it('begins again when there is a gap', async () => {
  const list = new BookingList();
  answer('2', '1');
  await list.load();
  answer('9', '8');
  await list.load();
  expect(list.rows.map((shown) => shown.id)).toEqual(['9', '8']);
});

it('shows a booking that was told of once', async () => {
  const list = new BookingList();
  list.add(row('0'));
  answer('1');
  await list.load();
  list.add(row('2', '1'));
  list.add(row('2', '1'));
  expect(list.rows.map((shown) => [shown.id, shown.undone_by])).toEqual([['2', null], ['1', '2']]);
});

it('marks an old row whose counter-booking came', async () => {
  const list = new BookingList();
  answer('2', '1');
  await list.load();
  pages.push({ rows: [row('3', '1'), row('2')], after: 'more' });
  await list.load();
  expect(list.rows.map((shown) => shown.undone_by)).toEqual([null, null, '3']);
});
