import { darker, lighter } from "./color";
import { cuisineOf } from "./cuisine";
import { DISHES } from "./dishes";
import { Chance } from "./random";
import type { Sheet } from "./sheet";

const CLOTHS: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ["#0f6a57", "#f3e6cf"],
  ["#e7d3ae", "#c9553a"],
  ["#2f5a73", "#f5c561"],
  ["#c9653f", "#fff3dc"],
  ["#7c4a5e", "#f0c9a8"],
  ["#dfe9df", "#1f6b52"],
  ["#8a5a3a", "#efd9b4"],
  ["#f0b84a", "#7a2c28"],
];

/** A table from above, laid for what is cooked there; with `isOne`, a single dish close by. */
export function drawTable(sheet: Sheet, seed: string, variant: string, isOne: boolean): void {
  const chance = new Chance(`table ${seed}`);
  const cuisine = cuisineOf(variant, chance);
  const [cloth, mark] = chance.of(CLOTHS);
  const { w, h } = sheet;
  sheet.pen(cloth).rect(0, 0, w, h);
  drawCloth(sheet, chance, cloth, mark);
  const middle = w / 2;
  if (isOne) {
    drawPlate(sheet, cloth, middle, h / 2, 116);
    DISHES[chance.of(cuisine.dishes)](sheet, chance, middle, h / 2, 92);
    drawCutlery(sheet, cloth, middle, h / 2, 142);
    return;
  }
  const turn = chance.often(0.5) ? 1 : -1;
  const places = [
    [middle - turn * 92, h * 0.56, 82],
    [middle + turn * 92, h * 0.34, 66],
    [middle + turn * 96, h * 0.84, 50],
  ] as const;
  for (const [x, y, r] of places) {
    drawPlate(sheet, cloth, x, y, r);
    DISHES[chance.of(cuisine.dishes)](sheet, chance, x, y, r * 0.78);
  }
  drawCutlery(sheet, cloth, middle - turn * 92, h * 0.56, 100);
  drawGlass(sheet, cloth, cuisine.accent, middle - turn * 4, h * 0.16, 24);
  drawGlass(sheet, cloth, lighter(cuisine.awning, 0.2), middle - turn * 168, h * 0.14, 21);
}

function drawCloth(sheet: Sheet, chance: Chance, cloth: string, mark: string): void {
  const { w, h } = sheet;
  const kind = chance.whole(0, 3);
  const pen = sheet.pen(mark, kind === 0 ? 0.28 : 0.6);
  if (kind === 0) {
    for (let x = 0; x < w; x += 48) pen.rect(x, 0, 24, h);
    for (let y = 6; y < h; y += 48) pen.rect(0, y, w, 24);
  } else if (kind === 1) {
    for (let x = 10; x < w; x += 40)
      for (let y = 12; y < h; y += 40) pen.poly([x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]);
  } else if (kind === 2) {
    pen
      .rect(0, 16, w, 5)
      .rect(0, 26, w, 2)
      .rect(0, h - 21, w, 5)
      .rect(0, h - 28, w, 2);
  } else {
    const grain = sheet.line(darker(cloth, 0.12), 2);
    for (let y = 22; y < h; y += 44)
      grain.path(`M0 ${y}H${w}`).path(`M${chance.between(0, w / 2)} ${y + 16}q60 -7 120 0t120 0`);
  }
}

function drawPlate(sheet: Sheet, cloth: string, x: number, y: number, r: number): void {
  sheet.pen(darker(cloth, 0.4), 0.55).circle(x + r * 0.06, y + r * 0.09, r);
  sheet.pen("#fdf8ec").circle(x, y, r);
  sheet.pen("#e6ddc9").circle(x, y, r * 0.82);
  sheet.pen("#f7efdd").circle(x, y, r * 0.79);
}

function drawCutlery(sheet: Sheet, cloth: string, x: number, y: number, reach: number): void {
  const shadow = sheet.line(darker(cloth, 0.4), 5, 0.45);
  const steel = sheet.line("#eef1ea", 4.4);
  for (const [pen, d] of [
    [shadow, 3],
    [steel, 0],
  ] as const) {
    const fork = x - reach + d;
    const knife = x + reach + d;
    pen.through([fork, y - 24 + d], [fork, y + 62 + d]).through([knife, y - 50 + d], [knife, y + 62 + d]);
    pen.path(`M${fork - 8} ${y - 58 + d}v24q0 10 8 10t8 -10v-24`).through([fork, y - 58 + d], [fork, y - 28 + d]);
  }
  sheet.pen("#eef1ea").path(`M${x + reach - 2} ${y - 58}q10 22 4 52h-4z`);
}

function drawGlass(sheet: Sheet, cloth: string, drink: string, x: number, y: number, r: number): void {
  sheet.pen(darker(cloth, 0.4), 0.5).circle(x + 3, y + 5, r);
  sheet.pen("#ffffff", 0.75).circle(x, y, r);
  sheet.pen(drink).circle(x, y, r * 0.8);
  sheet
    .pen("#ffffff", 0.45)
    .path(
      `M${x - r * 0.5} ${y - r * 0.1}a${r * 0.5} ${r * 0.5} 0 0 1 ${r * 0.5} ${-r * 0.45}l${r * 0.05} ${r * 0.18}a${r * 0.36} ${r * 0.36} 0 0 0 ${-r * 0.36} ${r * 0.32}z`,
    );
}
