import { expect, test } from 'vitest';
import { zpl } from './zpl';

test('a label is printed as it reads', () => {
  expect(zpl('Schrauben M8', 'Größe 8\nLager 3')).toContain('^FDGröße 8\\&Lager 3^FS');
});

test('a text cannot command the printer', () => {
  expect(zpl('x^XZ~JR', '')).not.toContain('^XZ~JR');
});
