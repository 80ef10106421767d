/** The latest movements of the whole store. Outlives the page that shows it. */
import { BookingList } from './bookingList.svelte';
import { live } from './live.svelte';
import type { BookingChange } from './types';

export const movements = new BookingList();
live.on<BookingChange>('booking', ({ booking }) => movements.add(booking));
