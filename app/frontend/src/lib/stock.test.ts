import { expect, it, vi } from 'vitest';
import type { Stock, StockChange } from './types';

vi.mock('./places.svelte', () => ({ places: { byId: () => undefined } }));
const { withChanges } = await import('./stock');

const stock: Stock = {
  rows: [
    { location: { id: 'hl', name: 'Hauptlager', code: 'HL' }, quantity: '10' },
    { location: { id: 't1', name: 'Transporter', code: 'T1' }, quantity: '2.5' },
  ],
  total: '12.5',
};
const change = (location_id: string, quantity: string, article_id = 'a1'): StockChange => ({ article_id, location_id, quantity, change: '0' });

it('shows the new quantities, drops what is used up and adds what is new', () => {
  const after = withChanges(stock, 'a1', [change('hl', '7'), change('t1', '0'), change('t2', '3')]);
  expect(after.rows.map((row) => [row.location.id, row.quantity])).toEqual([['hl', '7'], ['t2', '3']]);
  expect(after.total).toBe('10');
});

it('leaves alone what another article did', () => expect(withChanges(stock, 'a1', [change('hl', '7', 'a2')])).toBe(stock));
