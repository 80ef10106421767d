/** The booking form's draft, one for each kind: its lines stay while somebody looks up the next article. */
import { newBooking, type BookingValues, type FormKind, type LineArticle } from './bookingForm';
import { dropDraft, keepDraft, readDraft } from './drafts';

export const bookingDraft = (kind: FormKind): string => `booking.${kind}`;

export function openBooking(kind: FormKind): BookingValues {
  return readDraft<BookingValues>(bookingDraft(kind)) ?? newBooking(kind);
}

/** A booking that nobody has begun needs no keeping. */
export function keepBooking(values: BookingValues): void {
  if (isBegun(values)) keepDraft(bookingDraft(values.kind), values);
  else dropDraft(bookingDraft(values.kind));
}

export const isBegun = (values: BookingValues): boolean => values.lines.length > 0 || values.reason !== '' || values.note !== '';

/** Its lines move over to the other kind, behind those that wait there. */
export function asKind(values: BookingValues, kind: FormKind): BookingValues {
  const other = openBooking(kind);
  dropDraft(bookingDraft(values.kind));
  const there = new Set(other.lines.map((line) => line.article.id));
  const moved = values.lines.filter((line) => !there.has(line.article.id)).map((line) => ({ ...line, seen: '' }));
  return { ...other, note: other.note || values.note, lines: [...other.lines, ...moved] };
}

/** Once more the same article is no second line, unless the first is complete: then it is another place's turn. */
export function withArticle(values: BookingValues, article: LineArticle): BookingValues {
  const { id, name, number, unit, decimals } = article;
  if (values.lines.some((line) => line.article.id === id && !line.quantity.trim())) return values;
  return { ...values, lines: [...values.lines, { article: { id, name, number, unit, decimals }, from: '', to: '', quantity: '', seen: '' }] };
}
