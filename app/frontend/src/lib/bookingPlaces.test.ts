import { expect, it } from 'vitest';
import { obvious, sources, targets, type Known } from './bookingPlaces';

const known = (homes: string[], ...stock: [string, string][]): Known => ({
  homes,
  stock: { rows: stock.map(([id, quantity]) => ({ location: { id, name: id, code: id }, quantity })), total: '0' },
});

it('takes from where most is, and counts also where it is used up', () => {
  const pipe = known(['r1', 'r2'], ['r2', '9'], ['fz', '10']);
  expect(sources(pipe).map((place) => place.id)).toEqual(['fz', 'r2']);
  expect(sources(pipe, true)).toEqual([
    { id: 'fz', quantity: '10' },
    { id: 'r2', quantity: '9' },
    { id: 'r1', quantity: '0' },
  ]);
});

it('brings to where it belongs, then to where somebody brought things last, never to where it comes from', () => {
  const found = targets(known(['r1', 'r2'], ['r1', '4']), ['fz', 'r2'], 'r2');
  expect(found).toEqual([{ id: 'r1', quantity: '4' }, { id: 'fz', quantity: null }]);
});

it('asks only where there is something to choose', () => {
  expect(obvious(sources(known(['r1', 'r2'], ['r2', '9'])), '')).toBe('r2');
  expect(obvious(sources(known([], ['r1', '9'], ['r2', '9'])), '')).toBe('');
  expect(obvious(sources(known([], ['r1', '9'], ['r2', '9'])), 'r1')).toBe('r1');
  expect(obvious(sources(known(['r1'], ['r1', '-2'])), '')).toBe('r1');
  expect(obvious(sources({ homes: ['r1', 'r2'], stock: null }), 'elsewhere')).toBe('');
});
