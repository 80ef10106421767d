import { expect, it } from 'vitest';
import { difference, isLess, isZero, sum } from './amount';

it.each([
  [['0.1', '0.2'], '0.3'],
  [['99999999.999', '0.001'], '100000000'],
  [['-5', '2.5'], '-2.5'],
  [['1.5', '-1.5'], '0'],
  [[], '0'],
])('adds %s to %s', (amounts, total) => expect(sum(...amounts)).toBe(total));

it('takes away', () => expect([difference('3', '4.25'), difference('4', '4')]).toEqual(['-1.25', '0']));
it('compares by value, not by text', () => expect([isLess('9', '10'), isLess('-1', '0'), isLess('2.50', '2.5')]).toEqual([true, true, false]));
it('knows nothing when it sees it', () => expect([isZero('0.000'), isZero('-0'), isZero('0.001')]).toEqual([true, true, false]));
