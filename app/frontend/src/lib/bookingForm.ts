/** A booking as the form holds it (all text), and its way to the API. */
import { isLess, isZero, sum } from './amount';
import { amountProblem, editableAmount, formatAmount, parseAmount } from './german';
import type { ArticleRow, Fields } from './types';

export type FormKind = 'out' | 'in' | 'transfer' | 'correction';

export type LineArticle = Pick<ArticleRow, 'id' | 'name' | 'number' | 'unit' | 'decimals'>;

export interface LineValues {
  article: LineArticle;
  /** Where it is taken from, or counted. */
  from: string;
  to: string;
  quantity: string;
  /** The stock that was shown while this was counted; empty when none was. */
  seen: string;
}

/** `key` makes the booking happen once, however often it is sent. */
export interface BookingValues {
  key: string;
  kind: FormKind;
  reason: string;
  note: string;
  lines: LineValues[];
}

export const KINDS: FormKind[] = ['out', 'in', 'transfer', 'correction'];
export const VERBS: Record<FormKind, string> = { out: 'Entnehmen', in: 'Einlagern', transfer: 'Umlagern', correction: 'Zählen' };
const DONE: Record<FormKind, string> = { out: 'entnommen', in: 'eingelagert', transfer: 'umgelagert', correction: 'gezählt' };
const PATHS: Record<FormKind, string> = { out: 'entnehmen', in: 'einlagern', transfer: 'umlagern', correction: 'zaehlen' };
export const REASONS = ['Inventur', 'Beschädigt', 'Verloren', 'Falsch gebucht'];

const LARGEST = '100000'; // of one line
const LINES_MAX = 100;

export const bookingPath = (kind: FormKind): string => `/buchen/${PATHS[kind]}`;
export const kindOfPath = (path: string): FormKind | undefined => KINDS.find((kind) => PATHS[kind] === path);

/** Which of the two places a booking of this kind needs. */
export const takesFrom = (kind: FormKind): boolean => kind !== 'in';
export const bringsTo = (kind: FormKind): boolean => kind === 'in' || kind === 'transfer';
export const isFull = (values: BookingValues): boolean => values.lines.length >= LINES_MAX;

export function newBooking(kind: FormKind): BookingValues {
  return { key: newKey(), kind, reason: '', note: '', lines: [] };
}

/** A random UUID. (crypto.randomUUID is missing where there is no https.) */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The names of a line's fields, as the server calls them. */
export function fieldsOf(kind: FormKind, place: number): Record<'article' | 'from' | 'to' | 'quantity' | 'seen', string> {
  const isCount = kind === 'correction';
  const name = (field: string): string => `lines.${place}.${field}`;
  return {
    article: name('article_id'),
    from: name(isCount ? 'location_id' : 'from_location_id'),
    to: name('to_location_id'),
    quantity: name(isCount ? 'counted' : 'quantity'),
    seen: name('seen'),
  };
}

/** What can be told without the server. */
export function problemsOf(values: BookingValues): Fields {
  const problems: Fields = {};
  if (!values.lines.length) problems.lines = 'Bitte mindestens einen Artikel wählen.';
  for (const [place, line] of values.lines.entries()) Object.assign(problems, lineProblems(values.kind, line, place));
  if (values.kind === 'correction' && !values.reason.trim()) problems.reason = 'Bitte einen Grund angeben.';
  return problems;
}

function lineProblems(kind: FormKind, line: LineValues, place: number): Fields {
  const problems: Fields = {};
  const names = fieldsOf(kind, place);
  if (takesFrom(kind) && !line.from) problems[names.from] = 'Bitte den Lagerort wählen.';
  if (bringsTo(kind) && !line.to) problems[names.to] = 'Bitte den Lagerort wählen.';
  if (kind === 'transfer' && line.from && line.from === line.to) problems[names.to] = 'Das ist derselbe Ort. Bitte einen anderen wählen.';
  const problem = quantityProblem(line.quantity, line.article, kind === 'correction');
  if (problem) problems[names.quantity] = problem;
  return problems;
}

/** The messages that still hold: what they were said about (`judged`) has not been changed since, by hand or by itself. */
export function stillTrue(errors: Fields, judged: BookingValues, now: BookingValues): Fields {
  const over = new Set<string>((['reason', 'note'] as const).filter((name) => now[name] !== judged[name]));
  if (now.lines.length !== judged.lines.length) over.add('lines');
  for (const [place, line] of judged.lines.entries()) for (const name of overInLine(now.kind, place, line, now.lines[place])) over.add(name);
  return Object.fromEntries(Object.entries(errors).filter(([name]) => !over.has(name)));
}

/** What was said about an amount or the other place was said about these places; that something is missing stays true. */
function overInLine(kind: FormKind, place: number, before: LineValues, now: LineValues | undefined): string[] {
  if (!now) return [];
  const names = fieldsOf(kind, place);
  const hasMoved = now.from !== before.from || now.to !== before.to;
  const over = (['from', 'to', 'quantity'] as const).filter((name) => now[name] !== before[name] || (hasMoved && now[name].trim()));
  return [...over.map((name) => names[name]), ...(over.length || now.seen !== before.seen ? [names.seen] : [])];
}

/** „3“, „2,5“, „2,5 m“ when the article is counted in metres; null when it is no such amount. */
export function readQuantity(typed: string, unit: string): string | null {
  const text = typed.trim();
  const isWithUnit = text.toLowerCase().endsWith(unit.toLowerCase());
  return parseAmount(isWithUnit ? text.slice(0, -unit.length) : text) || null;
}

export function quantityProblem(typed: string, { unit, decimals }: Pick<LineArticle, 'unit' | 'decimals'>, isCount: boolean): string {
  if (!typed.trim()) return 'Bitte eine Menge eingeben.';
  if (/^\s*[-−–]\s*\d/.test(typed)) return isCount ? 'Weniger als 0 kann nicht da sein.' : 'Die Menge muss größer als 0 sein.';
  const amount = readQuantity(typed, unit);
  if (amount === null) return unreadable(typed, unit);
  if (isZero(amount) && !isCount) return 'Die Menge muss größer als 0 sein.';
  if (isLess(LARGEST, amount)) return `Das ist zu viel; erlaubt sind höchstens ${formatAmount(LARGEST)} ${unit}.`;
  if ((formatAmount(amount).split(',')[1]?.length ?? 0) <= decimals) return '';
  return decimals ? `In „${unit}“ sind höchstens ${decimals} Nachkommastellen möglich.` : `In „${unit}“ wird nur in ganzen Zahlen gebucht.`;
}

function unreadable(typed: string, unit: string): string {
  const isOtherUnit = /^\s*\d[\d.,]*\s*\p{L}/u.test(typed);
  return isOtherUnit ? `Gezählt wird in ${unit}. Bitte nur die Zahl eingeben.` : amountProblem(typed);
}

/** The quantity after a tap on + or −; what is no number stays as it was typed. */
export function stepped(typed: string, unit: string, by: '1' | '-1'): string {
  const amount = typed.trim() ? readQuantity(typed, unit) : '0';
  if (amount === null) return typed;
  const next = sum(amount, by);
  return editableAmount(isLess(next, '0') ? '0' : next);
}

export function bodyOf(values: BookingValues): Record<string, unknown> {
  const { key, kind, reason, note } = values;
  return { key, kind, reason, note, lines: values.lines.map((line) => lineBody(kind, line)) };
}

function lineBody(kind: FormKind, line: LineValues): Record<string, unknown> {
  const amount = readQuantity(line.quantity, line.article.unit);
  if (kind === 'correction') return { article_id: line.article.id, location_id: line.from, counted: amount, seen: line.seen || null };
  return {
    article_id: line.article.id,
    ...(takesFrom(kind) && { from_location_id: line.from }),
    ...(bringsTo(kind) && { to_location_id: line.to }),
    quantity: amount,
  };
}

/** „3 Stk Kugelhahn und 2 weitere“ */
export function summary(values: BookingValues): string {
  const [first, ...others] = values.lines;
  if (!first) return '';
  const more = others.length ? ` und ${others.length === 1 ? 'ein weiterer Artikel' : `${others.length} weitere Artikel`}` : '';
  return `${first.quantity.trim()} ${first.article.unit} ${first.article.name}${more}`;
}

export function doneText(values: BookingValues): string {
  const [first, ...others] = values.lines;
  if (!first || others.length) return `${values.lines.length} Artikel ${DONE[values.kind]}`;
  return `${first.quantity.trim()} ${first.article.unit} ${DONE[values.kind]}`;
}
