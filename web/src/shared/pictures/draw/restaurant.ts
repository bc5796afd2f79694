import { darker, lighter } from "./color";
import { cuisineOf, type Cuisine } from "./cuisine";
import { haze, isDark, lightOf, shade } from "./light";
import { drawFederal } from "./federal";
import { drawTree } from "./plants";
import { drawBricks, tonesOf, Windows, type Plot, type Tones } from "./plot";
import { Chance } from "./random";
import { drawRowHouse } from "./rowHouse";
import type { Point, Sheet } from "./sheet";
import { drawSky } from "./sky";
import { drawStreet } from "./street";
import { drawTower } from "./tall";
import { drawSign } from "./signs";

/** A restaurant from across the street: its awning, what hangs over its door, and people's tables before it. */
export function drawRestaurant(sheet: Sheet, seed: string, variant: string, place: string): void {
  const chance = new Chance(`restaurant ${seed}`);
  const light = lightOf(chance);
  const cuisine = cuisineOf(variant, chance);
  const ground = 252;
  drawSky(sheet, light, chance, ground);
  const wide = 212;
  const x = (sheet.w - wide) / 2 + chance.between(-14, 14);
  drawNeighbors({ sheet, light, chance, x, w: wide, ground, distance: 0.36, turn: chance.whole(0, 11) }, place);
  const plot: Plot = { sheet, light, chance, x, w: wide, ground, distance: 0 };
  const wall = chance.often(0.6) ? cuisine.wall : chance.of(WALLS);
  const tones = tonesOf(plot, { wall, trim: cuisine.trim, roof: darker(wall, 0.55), door: cuisine.door });
  drawFloors(plot, tones, cuisine, chance.of([1, 1, 2, 0]));
  drawShop(plot, tones, cuisine);
  drawAwning(plot, cuisine);
  drawSign(plot, cuisine, chance.often(0.5));
  drawStreet(sheet, light, chance, ground);
  drawTerrace(plot, cuisine, chance.often(0.45));
  drawTree(sheet, light, chance, chance.often(0.5) ? x - 26 : x + wide + 24, ground + 10, chance.between(112, 150));
  if (isDark(light)) drawBulbs(plot);
}

const WALLS: readonly [string, ...string[]] = ["#8f4a3a", "#d8c3a0", "#5f7f7a", "#c98b6a", "#a9b6a2", "#e2c486"];

/** What stands beside it: towers by the water, Federal fronts in the old town, else bays and turrets. */
function drawNeighbors(plot: Plot, place: string): void {
  const { sheet, x, w } = plot;
  const isTall = /navy yard|waterfront|downtown|chinatown/i.test(place);
  const draw = isTall ? drawTower : /georgetown|foggy/i.test(place) ? drawFederal : drawRowHouse;
  for (let at = x - 84; at > -84; at -= 84) draw({ ...plot, x: at, w: 84 });
  for (let at = x + w; at < sheet.w; at += 84) draw({ ...plot, x: at, w: 84 });
}

function drawFloors(plot: Plot, tones: Tones, cuisine: Cuisine, floors: number): void {
  const { sheet, light, x, w, ground, chance } = plot;
  const top = ground - 104 - floors * 62;
  sheet.pen(tones.wall).rect(x, top, w, ground - top);
  drawBricks(plot, tones.side, x, top + 4, w, ground - top - 104);
  drawParapet(plot, tones, top);
  if (floors === 0) return;
  const columns = chance.whole(3, 5);
  const step = w / columns;
  const wide = columns === 3 ? 30 : 20;
  const windows = new Windows(plot, tones.trim);
  const boxes = sheet.pen(light.leaves[0]);
  const flowers = sheet.pen(shade(light, cuisine.accent));
  for (let row = 0; row < floors; row += 1) {
    for (let at = 0; at < columns; at += 1) {
      const middle = x + step * (at + 0.5);
      const y = top + 20 + row * 62;
      windows.sash(middle - wide / 2, y, wide, 38, cuisine.arched);
      for (const dx of [-9, -3, 3, 9]) boxes.dome(middle + dx, y + 45, 4, 6);
      flowers
        .circle(middle - 6, y + 40, 1.8)
        .circle(middle + 1, y + 38.5, 1.8)
        .circle(middle + 8, y + 40.5, 1.8);
    }
  }
}

function drawParapet({ sheet, chance, x, w }: Plot, tones: Tones, top: number): void {
  const middle = x + w / 2;
  const kind = chance.whole(0, 2);
  if (kind === 0)
    sheet
      .pen(tones.wall)
      .poly([middle - 46, top], [middle - 32, top - 20], [middle + 32, top - 20], [middle + 46, top]);
  if (kind === 1) sheet.pen(tones.wall).dome(middle, top + 1, 48, 26);
  if (kind < 2) sheet.pen(tones.trim).circle(middle, top - 6, 7);
  sheet.pen(tones.roof).rect(x - 4, top - 3, w + 8, 6);
  const teeth = sheet.pen(tones.trim);
  for (let at = 3; at < w - 3; at += 9) teeth.rect(x + at, top + 4, 4, 5);
}

/** Bulbs on a line over the tables. */
function drawBulbs({ sheet, light, x, w, ground }: Plot): void {
  const y = ground - 74;
  sheet
    .line("#1d3b3a", 1.1)
    .path(`M${x - 40} ${y - 16}Q${x + w / 4} ${y + 22} ${x + w / 2} ${y}T${x + w + 40} ${y - 14}`);
  const glow = sheet.pen(light.lamp, 0.25);
  const bulbs = sheet.pen(light.lamp);
  for (const [share, dy] of BULBS) {
    glow.circle(x + w * share, y + dy, 7);
    bulbs.circle(x + w * share, y + dy, 2.6);
  }
}

const BULBS = [
  [-0.12, -7],
  [0, 0],
  [0.12, 6],
  [0.25, 8],
  [0.38, 6],
  [0.5, 2],
  [0.62, -3],
  [0.75, -7],
  [0.88, -9],
  [1, -10],
  [1.12, -12],
] as const;

function drawShop(plot: Plot, tones: Tones, cuisine: Cuisine): void {
  const { sheet, light, x, w, ground } = plot;
  const frame = shade(light, cuisine.front);
  sheet.pen(frame).rect(x + 4, ground - 92, w - 8, 92);
  const inside = light.lit > 0.15 ? light.lamp : haze(light, "#f2c879", 0.22);
  sheet
    .pen(inside)
    .rect(x + 14, ground - 66, 76, 50)
    .rect(x + w - 90, ground - 66, 76, 50)
    .rect(x + 97, ground - 66, 19, 40);
  const shadow = sheet.pen(darker(inside, 0.42));
  for (const left of [x + 14, x + w - 90]) {
    for (const at of [14, 44]) {
      shadow.circle(left + at + 4, ground - 40, 6.5).dome(left + at + 4, ground - 16, 12, 18);
      shadow.rect(left + at + 17, ground - 26, 3, 10).oval(left + at + 19, ground - 26, 11, 2.6);
    }
  }
  const lamps = sheet.pen(shade(light, cuisine.accent));
  const wires = sheet.line(darker(frame, 0.3), 1);
  for (const at of [34, 68, w - 68, w - 34]) {
    wires.through([x + at, ground - 66], [x + at, ground - 57]);
    lamps.dome(x + at, ground - 52, 7, 6);
  }
  const bars = sheet.pen(frame);
  for (const left of [x + 14, x + w - 90]) bars.rect(left + 37, ground - 66, 3, 50);
  sheet
    .pen(tones.door)
    .rect(x + 94, ground - 68, 2.6, 68)
    .rect(x + 115, ground - 68, 2.6, 68)
    .rect(x + 96, ground - 26, 20, 26);
  sheet.pen(darker(tones.door, 0.3)).rect(x + 100, ground - 21, 12, 16);
  sheet
    .pen(lighter(frame, 0.2))
    .rect(x + 10, ground - 14, 84, 3)
    .rect(x + w - 94, ground - 14, 84, 3);
}

function drawAwning(plot: Plot, cuisine: Cuisine): void {
  const { sheet, light, x, w, ground } = plot;
  const [first, second] = [shade(light, cuisine.awning), shade(light, cuisine.trim)];
  const y = ground - 94;
  const out = 22;
  if (cuisine.roof === "tiles") {
    sheet.pen(first).poly([x + 6, y - 4], [x + w - 6, y - 4], [x + w + 8, y + out], [x - 8, y + out]);
    const ridges = sheet.line(darker(first, 0.25), 2.2);
    for (let at = 0; at <= 18; at += 1)
      ridges.through([x + 8 + (at * (w - 16)) / 18, y - 3], [x - 6 + (at * (w + 12)) / 18, y + out]);
    sheet
      .pen(darker(first, 0.3))
      .plate(x - 10, y + out - 1, w + 20, 4, 2)
      .rect(x + 2, y - 7, w - 4, 4);
    return;
  }
  if (cuisine.roof === "sign") {
    sheet.pen(first).rect(x, y - 4, w, 25);
    sheet
      .pen(second)
      .rect(x, y + 19, w, 2.4)
      .rect(x, y - 4, w, 2.4);
    const bulbs = sheet.pen(light.lamp);
    for (let at = 8; at < w; at += 14) bulbs.circle(x + at, y + 25, 2);
    return;
  }
  const stripes = 13;
  const pens = [sheet.pen(first), sheet.pen(second)];
  for (let at = 0; at < stripes; at += 1) {
    const [a, b] = [at / stripes, (at + 1) / stripes];
    const [topA, topB, lowA, lowB] = [
      x + 4 + a * (w - 8),
      x + 4 + b * (w - 8),
      x - 8 + a * (w + 16),
      x - 8 + b * (w + 16),
    ];
    pens[cuisine.roof === "plain" ? 0 : at % 2]
      ?.poly([topA, y - 2], [topB, y - 2], [lowB, y + out], [lowA, y + out])
      .dome((lowA + lowB) / 2, y + out - 0.3, (lowB - lowA) / 2, -7);
  }
}

function drawTerrace(plot: Plot, cuisine: Cuisine, hasParasols: boolean): void {
  const { sheet, light, x, w, ground } = plot;
  const foot = ground + 13;
  const cloth = shade(light, cuisine.accent);
  const iron = shade(light, "#24393b");
  for (const middle of [x + 46, x + w - 46]) {
    const legs = sheet.line(iron, 1.8);
    legs.through([middle, foot - 20], [middle, foot]).through([middle - 7, foot], [middle + 7, foot]);
    for (const side of [-1, 1]) {
      const at = (out: number, up: number): Point => [middle + side * out, foot - up];
      legs.through(at(30, 31), at(27, 14), at(29, 0)).through(at(27, 14), at(15, 14), at(15, 0));
    }
    if (hasParasols) drawParasol(plot, shade(light, cuisine.awning), middle, foot);
    sheet
      .pen(cloth)
      .plate(middle - 17, foot - 24, 34, 5, 2.5)
      .poly([middle - 15, foot - 21], [middle + 15, foot - 21], [middle + 11, foot - 13], [middle - 11, foot - 13]);
    sheet.pen(shade(light, "#fffaf0")).plate(middle - 9, foot - 27, 8, 3, 1.5);
    sheet.pen(shade(light, "#2a7a5c")).rect(middle + 5, foot - 33, 3.4, 9);
  }
}

function drawParasol({ sheet, light }: Plot, cloth: string, middle: number, foot: number): void {
  const top = foot - 84;
  sheet.line(shade(light, "#6b4630"), 2.2).through([middle, foot - 24], [middle, top]);
  sheet.pen(cloth).poly([middle - 46, top + 24], [middle, top], [middle + 46, top + 24]);
  sheet.pen(shade(light, "#fff6e0")).poly([middle - 16, top + 24], [middle, top], [middle + 16, top + 24]);
  const edge = sheet.pen(darker(cloth, 0.18));
  for (let at = -46; at < 46; at += 11.5) edge.dome(middle + at + 5.75, top + 24, 5.75, -4);
}
