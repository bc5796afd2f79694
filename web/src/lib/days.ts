/**
 * A day of the calendar as `YYYY-MM-DD`, without a zone: the day a night begins, or a table is set.
 *
 * The arithmetic is done in UTC, where every day has 24 hours, so that a change of the clocks cannot move it.
 */
export type Day = string;

const MS_A_DAY = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Whether a text, of an address for example, is a day that exists. */
export function isDay(text: string | null | undefined): text is Day {
  return typeof text === "string" && DAY.test(text) && fromUtc(toUtc(text)) === text;
}

/** The day `count` days later, or earlier when it is negative. */
export function addDays(day: Day, count: number): Day {
  return fromUtc(toUtc(day) + count * MS_A_DAY);
}

/** Nights between two days; negative when the second is the earlier. */
export function nightsBetween(from: Day, to: Day): number {
  return Math.round((toUtc(to) - toUtc(from)) / MS_A_DAY);
}

/** Every day from `from` up to, not with, `to`. */
export function daysBetween(from: Day, to: Day): Day[] {
  return Array.from({ length: Math.max(0, nightsBetween(from, to)) }, (_, index) => addDays(from, index));
}

/** 0 for Monday to 6 for Sunday, as the API counts weekdays. */
export function weekdayOf(day: Day): number {
  return (new Date(toUtc(day)).getUTCDay() + 6) % 7;
}

/** The first day of the month a day lies in. */
export function monthOf(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

/** The first day of the month `count` months later. */
export function addMonths(month: Day, count: number): Day {
  const at = new Date(toUtc(monthOf(month)));
  return fromUtc(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + count, 1));
}

/** The day it is at an instant in a zone of the IANA database. */
export function dayIn(zone: string, at: Date): Day {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  return parts.format(at);
}

/** An instant as the wall clock of a zone shows it, `HH:MM`. */
export function timeIn(zone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  return parts.format(at);
}

/** Midnight of a day in UTC: for formatting with `timeZone: "UTC"`, never as an instant. */
export function toUtc(day: Day): number {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10)));
}

function fromUtc(ms: number): Day {
  return new Date(ms).toISOString().slice(0, 10);
}
