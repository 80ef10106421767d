import { describe, expect, it } from 'vitest';
import { bodyOf, doneText, newBooking, newKey, problemsOf, quantityProblem, readQuantity, stepped, stillTrue, summary, type BookingValues, type FormKind, type LineValues } from './bookingForm';

const PIPE = { id: 'a1', name: 'Kupferrohr', number: 'KR.01', unit: 'm', decimals: 2 };
const TAP = { id: 'a2', name: 'Kugelhahn', number: 'KH.01', unit: 'Stk', decimals: 0 };

const line = (given: Partial<LineValues> = {}): LineValues => ({ article: TAP, from: 'hl', to: 'fz', quantity: '3', seen: '', ...given });
const booking = (kind: FormKind, ...lines: LineValues[]): BookingValues => ({ ...newBooking(kind), lines });

describe('what a quantity is', () => {
  it.each([
    ['12,5', 'm', '12.5'],
    [' 1.200,25 ', 'm', '1200.25'],
    ['2,5 m', 'm', '2.5'],
    ['3 stk', 'Stk', '3'],
  ])('reads %s in %s as %s', (typed, unit, amount) => expect(readQuantity(typed, unit)).toBe(amount));

  it.each([
    ['', 'Bitte eine Menge eingeben.'],
    ['-3', 'Die Menge muss größer als 0 sein.'],
    ['0', 'Die Menge muss größer als 0 sein.'],
    ['0,00', 'Die Menge muss größer als 0 sein.'],
    ['zwölf', 'Bitte eine Zahl eingeben, zum Beispiel 12,50.'],
    ['<b>3</b>', 'Bitte eine Zahl eingeben, zum Beispiel 12,50.'],
    ['1e5', 'Gezählt wird in m. Bitte nur die Zahl eingeben.'],
    ['3 kg', 'Gezählt wird in m. Bitte nur die Zahl eingeben.'],
    ['1.234', 'Bitte eindeutig schreiben: 1234 oder 1,234.'],
    ['100000,01', 'Das ist zu viel; erlaubt sind höchstens 100.000 m.'],
    ['99999999999999999999', 'Das ist zu viel; erlaubt sind höchstens 100.000 m.'],
    ['1,255', 'In „m“ sind höchstens 2 Nachkommastellen möglich.'],
  ])('says of „%s“ in metres: %s', (typed, problem) => expect(quantityProblem(typed, PIPE, false)).toBe(problem));

  it('knows that pieces are not cut', () => {
    expect(quantityProblem('1,5', TAP, false)).toBe('In „Stk“ wird nur in ganzen Zahlen gebucht.');
    expect(quantityProblem('1,0', TAP, false)).toBe('');
  });

  it('may be nothing when it was counted, but not less', () => {
    expect(quantityProblem('0', TAP, true)).toBe('');
    expect(quantityProblem('−1', TAP, true)).toBe('Weniger als 0 kann nicht da sein.');
  });
});

describe('+ and −', () => {
  it.each([
    ['', '1', '1'],
    ['9', '1', '10'],
    ['2,5', '1', '3,5'],
    ['0,1', '-1', '0'],
    ['', '-1', '0'],
    ['1.199,9', '1', '1200,9'],
    ['abc', '1', 'abc'],
  ] as const)('%s %s is %s', (typed, by, after) => expect(stepped(typed, 'm', by)).toBe(after));
});

describe('what stands in the way of a booking', () => {
  it('is nothing in a complete one', () => {
    for (const kind of ['in', 'out', 'transfer'] as const) expect(problemsOf(booking(kind, line()))).toEqual({});
  });

  it('is named as the server names it', () => {
    expect(problemsOf(booking('out', line(), line({ from: '', quantity: '' })))).toEqual({
      'lines.1.from_location_id': 'Bitte den Lagerort wählen.',
      'lines.1.quantity': 'Bitte eine Menge eingeben.',
    });
    expect(problemsOf(booking('correction', line({ from: '', quantity: 'x' })))).toEqual({
      'lines.0.location_id': 'Bitte den Lagerort wählen.',
      'lines.0.counted': 'Bitte eine Zahl eingeben, zum Beispiel 12,50.',
      reason: 'Bitte einen Grund angeben.',
    });
  });

  it('is having no line, or going where it is', () => {
    expect(problemsOf(booking('in'))).toHaveProperty('lines');
    expect(problemsOf(booking('transfer', line({ to: 'hl' })))).toHaveProperty(['lines.0.to_location_id']);
  });
});

describe('what is sent', () => {
  it('has the places its kind needs and plain digits', () => {
    const sent = (kind: FormKind): unknown => bodyOf(booking(kind, line({ article: PIPE, quantity: '2,5 m', seen: '7' }))).lines;
    expect(sent('out')).toEqual([{ article_id: 'a1', from_location_id: 'hl', quantity: '2.5' }]);
    expect(sent('in')).toEqual([{ article_id: 'a1', to_location_id: 'fz', quantity: '2.5' }]);
    expect(sent('transfer')).toEqual([{ article_id: 'a1', from_location_id: 'hl', to_location_id: 'fz', quantity: '2.5' }]);
    expect(sent('correction')).toEqual([{ article_id: 'a1', location_id: 'hl', counted: '2.5', seen: '7' }]);
  });

  it('carries a key of its own', () => {
    expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newKey()).not.toBe(newKey());
  });
});

it('is told in a few words', () => {
  expect(summary(booking('out', line(), line(), line()))).toBe('3 Stk Kugelhahn und 2 weitere Artikel');
  expect(doneText(booking('out', line()))).toBe('3 Stk entnommen');
  expect(doneText(booking('in', line(), line()))).toBe('2 Artikel eingelagert');
});

describe('how long a message holds', () => {
  const said = booking('transfer', line({ from: '', to: 'fz', quantity: '12' }));
  const errors = { 'lines.0.from_location_id': 'Bitte den Lagerort wählen.', 'lines.0.quantity': 'Dort sind nur 10 Stk.' };
  const after = (changed: Partial<LineValues>): string[] => Object.keys(stillTrue(errors, said, { ...said, lines: [{ ...said.lines[0]!, ...changed }] }));

  it('stands while nothing has changed', () => expect(stillTrue(errors, said, { ...said, note: 'neu' })).toEqual(errors));
  it('goes with the place that was missing, and with it what was said about the amount', () => expect(after({ from: 'hl' })).toEqual([]));
  it('goes with the amount alone', () => expect(after({ quantity: '9' })).toEqual(['lines.0.from_location_id']));
  it('still says that something is missing when the other place changes', () => {
    expect(after({ to: 'hl' })).toEqual(['lines.0.from_location_id']);
  });
  it('goes with the reason', () => {
    const counted = booking('correction', line());
    expect(stillTrue({ reason: 'Bitte einen Grund angeben.' }, counted, { ...counted, reason: 'Inventur' })).toEqual({});
  });
});
