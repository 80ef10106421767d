import { describe, expect, it } from 'vitest';
import { amountProblem, editableAmount, formatAmount, formatBytes, parseAmount } from './german';

describe('parseAmount', () => {
  it.each([
    ['12,50', '12.50'],
    ['12.5', '12.5'],
    ['1.234,50', '1234.50'],
    ['1.234.567', '1234567'],
    [' 3,90 € ', '3.90'],
    ['', ''],
  ])('reads %s as %s', (typed, amount) => expect(parseAmount(typed)).toBe(amount));

  it.each(['1.234', 'zwölf', '-1', '1,2,3', '12.34.5', '1e3', '٣'])('refuses %s', (typed) => {
    expect(parseAmount(typed)).toBeNull();
  });

  it('offers both readings of an ambiguous number', () => {
    expect(amountProblem('1.234')).toBe('Bitte eindeutig schreiben: 1234 oder 1,234.');
  });
});

describe('formatAmount', () => {
  it.each([
    ['1234567.5', 2, '1.234.567,50'],
    ['6', 0, '6'],
    ['0.1000', 2, '0,10'],
    ['0.1234', 2, '0,1234'],
    ['100', 2, '100,00'],
    [null, 2, ''],
  ])('shows %s with %i places as %s', (amount, places, shown) => expect(formatAmount(amount, places)).toBe(shown));

  it('gives back what it can read again', () => {
    for (const amount of ['1234.50', '0.1', '9999999', '1234']) {
      expect(Number(parseAmount(editableAmount(amount, 2)))).toBe(Number(amount));
    }
  });
});

it('shows bytes in units people know', () => expect([formatBytes(3 * 1024 ** 3), formatBytes(62 * 1024 ** 2)]).toEqual(['3 GB', '62 MB']));
