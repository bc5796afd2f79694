import { toUtc, type Day } from "./days";
import { formatMoney, type Money } from "./money";

/** Turns values into text, for one locale. Made once for each; see `useFormat`. */
export interface Format {
  locale: string;
  /** `$1,234.50`; with `round`, no cents where they are zero. */
  money: (money: Money, options?: { round?: boolean }) => string;
  number: (value: number) => string;
  percent: (share: number) => string;
  /** `Fri, Dec 4`; with `year`, the year too; `long` spells it out. */
  day: (day: Day, style?: "short" | "long" | "year") => string;
  /** `Dec 4 – 7`, as short as the locale allows. */
  days: (from: Day, to: Day) => string;
  month: (month: Day) => string;
  /** Monday first; `index` as `weekdayOf` gives it. */
  weekday: (index: number, style?: "long" | "short" | "narrow") => string;
  /** A wall-clock `HH:MM` as the locale writes it: `7:30 PM` or `19:30`. */
  clock: (time: string) => string;
  /** The hour of an instant in a zone. */
  time: (at: string | Date, zone: string) => string;
  /** Day and hour of an instant in a zone, with the zone's short name: `Fri, Dec 4, 7:30 PM EST`. */
  instant: (at: string | Date, zone: string) => string;
  /** The short name of a zone at an instant: `EST`, `GMT-5`. */
  zoneName: (at: string | Date, zone: string) => string;
  /** `2 h 35 min`. */
  minutes: (count: number) => string;
  list: (parts: readonly string[]) => string;
}

const SHORT: Intl.DateTimeFormatOptions = { weekday: "short", month: "short", day: "numeric" };
const DAY_STYLES: Record<"short" | "long" | "year", Intl.DateTimeFormatOptions> = {
  short: SHORT,
  long: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
  year: { ...SHORT, year: "numeric" },
};
const MONDAY = Date.UTC(2024, 0, 1);

/** The formatting of one locale (BCP 47), such as `en-US` or `es-ES`. */
export function formatOf(locale: string): Format {
  const made = new Map<string, Intl.DateTimeFormat>();
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const key = JSON.stringify(options);
    let found = made.get(key);
    if (!found) made.set(key, (found = new Intl.DateTimeFormat(locale, options)));
    return found;
  };
  const numbers = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const hours = new Intl.NumberFormat(locale, { style: "unit", unit: "hour", unitDisplay: "short" });
  const minutes = new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "short" });
  const lists = new Intl.ListFormat(locale, { style: "long", type: "conjunction" });
  const hour: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };
  return {
    locale,
    money: (money, options) => formatMoney(money, locale, options),
    number: (value) => numbers.format(value),
    percent: (share) => percents.format(share),
    day: (day, style = "short") => dates({ ...DAY_STYLES[style], timeZone: "UTC" }).format(toUtc(day)),
    days: (from, to) => dates({ month: "short", day: "numeric", timeZone: "UTC" }).formatRange(toUtc(from), toUtc(to)),
    month: (month) => dates({ month: "long", year: "numeric", timeZone: "UTC" }).format(toUtc(month)),
    weekday: (index, style = "short") => dates({ weekday: style, timeZone: "UTC" }).format(MONDAY + index * 86_400_000),
    clock: (time) => dates({ ...hour, timeZone: "UTC" }).format(new Date(`2024-01-01T${time.slice(0, 5)}:00Z`)),
    time: (at, zone) => dates({ ...hour, timeZone: zone }).format(new Date(at)),
    instant: (at, zone) => dates({ ...SHORT, ...hour, timeZone: zone, timeZoneName: "short" }).format(new Date(at)),
    zoneName: (at, zone) => {
      const parts = dates({ hour: "numeric", timeZone: zone, timeZoneName: "short" }).formatToParts(new Date(at));
      return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
    },
    minutes: (count) => {
      const whole = Math.floor(count / 60);
      const rest = count % 60;
      return [whole > 0 ? hours.format(whole) : "", rest > 0 || whole === 0 ? minutes.format(rest) : ""].filter(Boolean).join(" ");
    },
    list: (parts) => lists.format(parts),
  };
}
