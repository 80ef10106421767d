/** The latest movements of the whole store. Outlives the page that shows it. */
import { BookingList } from './bookingList.svelte';

export const movements = new BookingList();
