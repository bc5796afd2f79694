import { drawCity } from "./draw/city";
import { drawHome } from "./draw/home";
import { drawRoom } from "./draw/room";
import { Sheet, type Shape } from "./draw/sheet";
import { drawRestaurant } from "./draw/restaurant";
import { drawTable } from "./draw/table";

/** What there are pictures of. */
export type Kind = "home" | "room" | "dish" | "table" | "restaurant" | "city" | "area" | "flight";

export interface Subject {
  kind: Kind;
  seed: number | string;
  variant: string;
  place: string;
  ratio: number;
}

export interface Scene {
  w: number;
  h: number;
  shapes: readonly Shape[];
}

const HEIGHT = 300;
const MOST_KEPT = 200;
const kept = new Map<string, Scene>();

/** The picture of something: always the same for the same subject. The last ones are kept. */
export function sceneOf(subject: Subject): Scene {
  const key = [subject.kind, subject.seed, subject.variant, subject.place, subject.ratio].join("|");
  const found = kept.get(key);
  if (found) return found;
  const sheet = new Sheet(Math.round(HEIGHT * subject.ratio), HEIGHT);
  draw(sheet, subject);
  const scene = { w: sheet.w, h: sheet.h, shapes: sheet.shapes() };
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, scene);
  return scene;
}

function draw(sheet: Sheet, { kind, seed, variant, place }: Subject): void {
  const own = String(seed);
  if (kind === "home") drawHome(sheet, own, variant, place);
  else if (kind === "room") drawRoom(sheet, own, variant, place);
  else if (kind === "restaurant") drawRestaurant(sheet, own, variant, place);
  else if (kind === "dish" || kind === "table") drawTable(sheet, own, variant, kind === "dish");
  else if (kind === "area") drawHome(sheet, `area ${own}`, "townhouse", place === "" ? own : place);
  else drawCity(sheet, own, place === "" ? variant : place, kind === "flight");
}
