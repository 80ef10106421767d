/**
 * Bookings on their way: kept on this device from the tap on „Buchen“ until the server has said yes or no.
 *
 * Without a connection they wait and are sent when it is back, also after a reload. The key each of them carries since
 * its form was opened lets the server book it once, even when an answer got lost on its way here.
 */
import { post, Refused, Unreachable } from './api';
import { bodyOf, type BookingValues } from './bookingForm';
import type { Booking, Fields } from './types';

export interface Parcel {
  values: BookingValues;
  /** When „Buchen“ was tapped, ISO 8601. */
  at: string;
  /** What the server said no with, while nobody was looking at the form. */
  problem: string;
  fields: Fields;
}

export class Outgoing {
  all = $state<Parcel[]>([]);
  /** Taken out to be corrected: the form shows it next. */
  reopened = $state.raw<Parcel | null>(null);
  waiting = $derived(this.all.filter((parcel) => !parcel.problem));

  #shelf = '';
  #line: Promise<unknown> = Promise.resolve();

  /** What this user left here, and only this one. */
  open(user: string): void {
    this.#shelf = `lager.outgoing.${user}`;
    try {
      this.all = JSON.parse(localStorage.getItem(this.#shelf) ?? '[]') as Parcel[];
    } catch {
      this.all = [];
    }
  }

  /** The booking, or null when there is no connection and it waits. Throws Refused: then it is the form's again. */
  async send(values: BookingValues): Promise<Booking | null> {
    this.#keep([...this.all, { values, at: new Date().toISOString(), problem: '', fields: {} }]);
    try {
      return await this.#inLine(() => this.#post(values));
    } catch (error) {
      if (error instanceof Unreachable || isSignedOut(error)) return null;
      this.take(values.key);
      throw error;
    }
  }

  /** The connection is back: one after the other, in the order they were made. Gives those that are booked now. */
  async flush(): Promise<BookingValues[]> {
    const booked: BookingValues[] = [];
    for (const { values } of [...this.waiting]) {
      try {
        if (await this.#inLine(() => this.#post(values))) booked.push(values);
      } catch (error) {
        if (error instanceof Unreachable || isSignedOut(error)) break;
        if (!(error instanceof Refused)) throw error;
        this.#mark(values.key, error);
      }
    }
    return booked;
  }

  /** Out of the shelf, to be corrected or dropped. */
  take(key: string): Parcel | undefined {
    const found = this.all.find((parcel) => parcel.values.key === key);
    this.#keep(this.all.filter((parcel) => parcel.values.key !== key));
    return found;
  }

  /** One at a time; who finds that another turn has sent it already does nothing. */
  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(work, work);
    this.#line = turn.catch(() => {});
    return turn;
  }

  async #post(values: BookingValues): Promise<Booking | null> {
    if (!this.waiting.some((parcel) => parcel.values.key === values.key)) return null;
    const booking = await post<Booking>('/api/bookings', bodyOf(values));
    this.take(values.key);
    return booking;
  }

  #mark(key: string, refusal: Refused): void {
    this.#keep(this.all.map((parcel) => (parcel.values.key === key ? { ...parcel, problem: refusal.message, fields: refusal.fields } : parcel)));
  }

  #keep(all: Parcel[]): void {
    this.all = all;
    if (!this.#shelf) return;
    if (all.length) localStorage.setItem(this.#shelf, JSON.stringify(all));
    else localStorage.removeItem(this.#shelf);
  }
}

const isSignedOut = (error: unknown): boolean => error instanceof Refused && error.status === 401;

export const outgoing = new Outgoing();
