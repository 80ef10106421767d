const format = new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' });

export const euro = (cents) => format.format(cents / 100);
