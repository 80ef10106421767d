import { euro } from './money.js';

export function summary(invoices) {
  const cents = invoices.reduce((sum, invoice) => sum + invoice.cents, 0);
  return `<tfoot><tr><th colspan="4">Summe</th><th class="amount">${euro(cents)}</th></tr></tfoot>`;
}
