/** An amount in the minor unit of its currency (cents of USD, yen of JPY), as the API gives it. Never a fraction. */
export interface Money {
  amount: number;
  currency: string;
}

const digits = new Map<string, number>();

/** How many minor units make a unit, as a power of ten: 2 for USD, 0 for JPY (ISO 4217). */
export function minorDigits(currency: string): number {
  let known = digits.get(currency);
  if (known === undefined) {
    known = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    digits.set(currency, known);
  }
  return known;
}

/** An amount as people of a locale read it. `round` leaves the cents out where they are zero. */
export function formatMoney(money: Money, locale: string, { round = false } = {}): string {
  const places = minorDigits(money.currency);
  const whole = money.amount % 10 ** places === 0;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: round && whole ? 0 : places,
    maximumFractionDigits: places,
  }).format(asDecimal(money) as unknown as number);
}

/** What somebody typed as an amount, in minor units; null when it is none, or finer than the currency. */
export function parseMoney(text: string, currency: string): number | null {
  const places = minorDigits(currency);
  const found = /^\s*(\d{1,9})(?:[.,](\d{1,4}))?\s*$/.exec(text);
  if (!found) return null;
  const [, units = "", fraction = ""] = found;
  if (fraction.length > places) return null;
  return Number(units + fraction.padEnd(places, "0"));
}

/** An exact decimal text (`1234.50`), so that no amount passes through a binary fraction. */
export function asDecimal(money: Money): string {
  const places = minorDigits(money.currency);
  const sign = money.amount < 0 ? "-" : "";
  const all = String(Math.abs(money.amount)).padStart(places + 1, "0");
  return places === 0 ? sign + all : `${sign}${all.slice(0, -places)}.${all.slice(-places)}`;
}
