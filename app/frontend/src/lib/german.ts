/** German numbers, prices and times; amounts travel as plain digits with a point. */

const PLAIN = /^\d+(?:[.,]\d+)?$/;
const GROUPED = /^\d{1,3}(?:\.\d{3})+(?:,\d+)?$/;
const AMBIGUOUS = /^\d{1,3}\.\d{3}$/;

/** „1.234,50“ becomes „1234.50“. Null when it is no number, or could be read in two ways („1.234“). */
export function parseAmount(typed: string): string | null {
  const text = typed.replace(/[\s€]/g, '');
  if (text === '') return '';
  if (AMBIGUOUS.test(text)) return null;
  if (GROUPED.test(text)) return text.replaceAll('.', '').replace(',', '.');
  return PLAIN.test(text) ? text.replace(',', '.') : null;
}

export function amountProblem(typed: string): string {
  const text = typed.replace(/[\s€]/g, '');
  if (!AMBIGUOUS.test(text)) return 'Bitte eine Zahl eingeben, zum Beispiel 12,50.';
  return `Bitte eindeutig schreiben: ${text.replace('.', '')} oder ${text.replace('.', ',')}.`;
}

/** „1234.5000“ becomes „1.234,50“, with at least `places` decimals. */
export function formatAmount(amount: string | null, places = 0): string {
  if (amount === null || amount === '') return '';
  const [whole = '0', decimals = ''] = amount.replace('-', '−').split('.');
  const kept = decimals.replace(/0+$/, '').padEnd(places, '0');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '.');
  return kept ? `${grouped},${kept}` : grouped;
}

/** For an input field: no grouping, so that it can be edited. */
export function editableAmount(amount: string | null, places = 0): string {
  return formatAmount(amount, places).replaceAll('.', '');
}

const TIME = new Intl.DateTimeFormat('de-DE', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('de-DE', { day: 'numeric', month: 'long', year: 'numeric' });
const WEEKDAY = new Intl.DateTimeFormat('de-DE', { weekday: 'long', day: 'numeric', month: 'long' });
const WEEKDAY_AND_YEAR = new Intl.DateTimeFormat('de-DE', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const NUMBER = new Intl.NumberFormat('de-DE');

export function formatTime(iso: string): string {
  const moment = new Date(iso);
  const isToday = moment.toDateString() === new Date().toDateString();
  return `${isToday ? 'heute' : DAY.format(moment)}, ${TIME.format(moment)} Uhr`;
}

/** „Heute“, „Gestern“ or „Freitag, 20. November“ above the rows of a day. */
export function formatDayHeading(iso: string, now = new Date()): string {
  const day = new Date(iso);
  const isOn = (other: Date): boolean => day.toDateString() === other.toDateString();
  if (isOn(now)) return 'Heute';
  if (isOn(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return 'Gestern';
  return (day.getFullYear() === now.getFullYear() ? WEEKDAY : WEEKDAY_AND_YEAR).format(day);
}

export const formatClock = (iso: string): string => TIME.format(new Date(iso));
export const formatDay = (iso: string): string => DAY.format(new Date(iso));
export const formatCount = (count: number): string => NUMBER.format(count);

export function formatBytes(bytes: number): string {
  const gigabytes = bytes / 1024 ** 3;
  if (gigabytes >= 1) return `${NUMBER.format(Math.round(gigabytes * 10) / 10)} GB`;
  if (bytes >= 1024 ** 2 || bytes === 0) return `${NUMBER.format(Math.round(bytes / 1024 ** 2))} MB`;
  return `${Math.ceil(bytes / 1024)} KB`;
}
