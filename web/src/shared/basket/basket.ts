import { useSyncExternalStore } from "react";

import type { Shape } from "~/api/types";

/** What can be asked for: the items of `POST /v1/quotes`. */
export type Wish = Shape<"StayWish"> | Shape<"TableWish"> | Shape<"FlightWish">;

/** An item of the trip, with what is needed to draw it before the server has priced it. */
export interface BasketItem {
  key: string;
  wish: Wish;
  /** A name to call it by: of the home, of the restaurant, `JFK – DCA`. */
  title: string;
  /** Where the item's own page is. */
  href: string;
}

const KEPT = "holdfast.trip";
/** The API takes no more in one quote. */
export const MOST_ITEMS = 5;

let items: readonly BasketItem[] = read();
const listeners = new Set<() => void>();
window.addEventListener("storage", (event) => {
  if (event.key === KEPT) replace(read());
});

/** The trip being put together. It is kept in this browser, seen by all its tabs, and takes no stock until it is held. */
export function useBasket(): readonly BasketItem[] {
  return useSyncExternalStore(subscribe, () => items);
}

/** Adds an item, or puts it in the place of one with the same key. */
export function putInBasket(item: BasketItem): void {
  const rest = items.filter((each) => each.key !== item.key);
  if (rest.length < MOST_ITEMS) keep([...rest, item]);
}

export function takeFromBasket(key: string): void {
  keep(items.filter((each) => each.key !== key));
}

export function emptyBasket(): void {
  keep([]);
}

/** The same thing asked for twice is one item: its kind and what it is of. */
export function basketKey(wish: Wish): string {
  if (wish.kind === "stay") return `stay-${wish.property_id}`;
  if (wish.kind === "table") return `table-${wish.restaurant_id}-${wish.date}`;
  return `flight-${wish.flight_ids.join("-")}`;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function keep(next: readonly BasketItem[]): void {
  localStorage.setItem(KEPT, JSON.stringify(next));
  replace(next);
}

function replace(next: readonly BasketItem[]): void {
  items = next;
  listeners.forEach((listener) => listener());
}

function read(): readonly BasketItem[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? (kept as BasketItem[]) : [];
  } catch {
    return [];
  }
}
