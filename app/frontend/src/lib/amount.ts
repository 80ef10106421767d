/** Sums of amounts as they travel („12.5“), without the errors of floating point. */
const PLACES = 6;

function scaled(amount: string): bigint {
  const isNegative = amount.startsWith('-');
  const [whole = '0', decimals = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole + decimals.padEnd(PLACES, '0').slice(0, PLACES));
  return isNegative ? -value : value;
}

function plain(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(PLACES + 1, '0');
  const decimals = digits.slice(-PLACES).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -PLACES)}${decimals && `.${decimals}`}`;
}

export const sum = (...amounts: string[]): string => plain(amounts.reduce((total, amount) => total + scaled(amount), 0n));
export const difference = (from: string, amount: string): string => plain(scaled(from) - scaled(amount));
export const isLess = (amount: string, than: string): boolean => scaled(amount) < scaled(than);
export const isZero = (amount: string): boolean => scaled(amount) === 0n;
