import { darker, lighter } from "./color";
import { cuisineOf, type Cuisine } from "./cuisine";
import { haze, isDark, lightOf, shade } from "./light";
import { drawTree } from "./plants";
import { drawBricks, tonesOf, Windows, type Plot, type Tones } from "./plot";
import { Chance } from "./random";
import { drawRowHouse } from "./rowHouse";
import type { Sheet } from "./sheet";
import { drawSky } from "./sky";
import { drawLamp, drawStreet } from "./street";
import { drawSign } from "./signs";

/** A restaurant from across the street: its awning, what hangs over its door, and people's tables before it. */
export function drawRestaurant(sheet: Sheet, seed: string, variant: string, place: string): void {
  const chance = new Chance(`restaurant ${seed}`);
  const light = lightOf(chance);
  const cuisine = cuisineOf(variant, chance);
  const ground = 252;
  drawSky(sheet, light, chance, ground);
  const wide = 212;
  const x = (sheet.w - wide) / 2;
  const beside = (at: number, w: number) => drawRowHouse({ sheet, light, chance, x: at, w, ground, distance: 0.36 });
  for (let at = x - 84; at > -84; at -= 84) beside(at, 84);
  for (let at = x + wide; at < sheet.w; at += 84) beside(at, 84);
  const plot: Plot = { sheet, light, chance, x, w: wide, ground, distance: 0 };
  const tones = tonesOf(plot, {
    wall: cuisine.wall,
    trim: cuisine.trim,
    roof: darker(cuisine.wall, 0.55),
    door: cuisine.door,
  });
  drawFloors(plot, tones, cuisine);
  drawShop(plot, tones, cuisine);
  drawAwning(plot, cuisine);
  drawSign(plot, cuisine);
  drawStreet(sheet, light, chance, ground);
  drawTerrace(plot, cuisine);
  drawTree(sheet, light, chance, x - 26, ground + 10, /georgetown|dupont|cleveland/i.test(place) ? 150 : 122);
  if (isDark(light)) drawLamp(sheet, light, x + wide + 22, ground + 10);
}

function drawFloors(plot: Plot, tones: Tones, cuisine: Cuisine): void {
  const { sheet, x, w, ground, chance } = plot;
  const top = ground - 178;
  sheet.pen(tones.wall).rect(x, top, w, 178);
  drawBricks(plot, tones.side, x, top + 4, w, 74);
  sheet.pen(tones.roof).rect(x - 4, top - 9, w + 8, 10);
  sheet.pen(tones.trim).rect(x - 2, top, w + 4, 5);
  const windows = new Windows(plot, tones.trim);
  const columns = chance.whole(4, 5);
  const arched = cuisine.arched;
  for (let at = 0; at < columns; at += 1) windows.sash(x + (w / columns) * (at + 0.5) - 10, top + 22, 20, 40, arched);
  const boxes = sheet.pen(plot.light.leaves[0]);
  const flowers = sheet.pen(shade(plot.light, cuisine.accent));
  for (let at = 0; at < columns; at += 1) {
    const middle = x + (w / columns) * (at + 0.5);
    for (const dx of [-9, -3, 3, 9]) boxes.dome(middle + dx, top + 69, 4, 6);
    flowers
      .circle(middle - 6, top + 64, 1.8)
      .circle(middle + 1, top + 62.5, 1.8)
      .circle(middle + 8, top + 64.5, 1.8);
  }
}

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

function drawTerrace(plot: Plot, cuisine: Cuisine): void {
  const { sheet, light, x, w, ground } = plot;
  const foot = ground + 13;
  const cloth = shade(light, cuisine.accent);
  const iron = shade(light, "#24393b");
  for (const middle of [x + 46, x + w - 46]) {
    const legs = sheet.line(iron, 1.8);
    legs.through([middle, foot - 20], [middle, foot]).through([middle - 7, foot], [middle + 7, foot]);
    for (const side of [-1, 1])
      legs
        .through([middle + side * 30, foot - 31], [middle + side * 27, foot - 14], [middle + side * 29, foot])
        .through([middle + side * 27, foot - 14], [middle + side * 15, foot - 14], [middle + side * 15, foot]);
    sheet
      .pen(cloth)
      .plate(middle - 17, foot - 24, 34, 5, 2.5)
      .poly([middle - 15, foot - 21], [middle + 15, foot - 21], [middle + 11, foot - 13], [middle - 11, foot - 13]);
    sheet.pen("#fffaf0").plate(middle - 9, foot - 27, 8, 3, 1.5);
    sheet.pen(shade(light, "#2a7a5c")).rect(middle + 5, foot - 33, 3.4, 9);
  }
}
