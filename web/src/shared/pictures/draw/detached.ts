import { darker } from "./color";
import { shade } from "./light";
import { drawHedge } from "./plants";
import { BRICKS, drawBricks, drawDoor, drawStoop, tonesOf, Windows, type Paint, type Plot, type Tones } from "./plot";

const FRAMES: readonly [Paint, ...Paint[]] = [
  { wall: "#e9e2cf", trim: "#ffffff", roof: "#5a6468", door: "#a8352c" },
  { wall: "#8fb0a8", trim: "#fffaf0", roof: "#43504f", door: "#e8794a" },
  { wall: "#e4b95b", trim: "#fffaf0", roof: "#5b4a42", door: "#175a50" },
  { wall: "#a9b7c6", trim: "#ffffff", roof: "#3d4853", door: "#f0b84a" },
  { wall: "#d7927a", trim: "#fff3e4", roof: "#4f4446", door: "#204f5c" },
  { wall: "#7f9a74", trim: "#fbf4e0", roof: "#464b40", door: "#8b2f2a" },
];

/** A house with a garden: a gable, a chimney, and a porch to sit on. */
export function drawDetached(plot: Plot): void {
  const { chance, sheet, x, w, ground } = plot;
  const tones = tonesOf(plot, chance.often(0.7) ? chance.of(FRAMES) : chance.of(BRICKS));
  const wall = 72;
  const base = ground - 8;
  const eave = base - wall;
  const peak = eave - chance.between(62, 76);
  const left = x + w * 0.06;
  const wide = w * 0.88;
  sheet.pen(tones.side).rect(left + wide * chance.of([0.16, 0.78]), peak - 2, 12, 46);
  sheet
    .pen(tones.roof)
    .poly([left - 7, eave + 3], [left + wide * 0.22, peak], [left + wide * 0.84, peak], [left + wide + 7, eave + 3]);
  sheet.pen(tones.roofDark).rect(left - 7, eave + 1, wide + 14, 3.4);
  sheet.pen(tones.wall).rect(left, eave + 3, wide, base - eave);
  drawBoards(plot, tones, left, eave + 6, wide, wall - 6);
  const isLeft = chance.often(0.5);
  drawCrossGable(plot, tones, isLeft ? left + wide * 0.04 : left + wide * 0.54, wide * 0.42, eave, peak);
  drawFront(plot, tones, { left, wide, base, isLeft });
  drawHedge(sheet, plot.light, chance, left - 4, wide * 0.34, ground);
  drawHedge(sheet, plot.light, chance, left + wide * 0.72, wide * 0.32, ground);
}

/** A small house at the back of a garden: barn doors below, rooms above. */
export function drawCarriageHouse(plot: Plot): void {
  const { chance, sheet, x, w, ground, light } = plot;
  const tones = tonesOf(plot, chance.often(0.5) ? chance.of(FRAMES) : chance.of(BRICKS));
  const wide = 128;
  const left = x + (w - wide) / 2;
  const top = ground - 112;
  const middle = left + wide / 2;
  drawGardenWall(plot, left - 52, wide + 104);
  sheet
    .pen(tones.wall)
    .rect(left, top, wide, 112)
    .poly([left, top + 2], [middle, top - 44], [left + wide, top + 2]);
  drawBoards(plot, tones, left, top + 6, wide, 100);
  sheet.line(tones.roof, 7).through([left - 9, top + 7], [middle, top - 46], [left + wide + 9, top + 7]);
  const windows = new Windows(plot, tones.trim);
  windows.sash(middle - 8, top - 20, 16, 22, true);
  for (const share of [0.12, 0.32, 0.7]) windows.sash(left + wide * share, top + 18, 18, 26);
  drawBarnDoors(plot, tones, left + 12, 68);
  drawDoor(plot, tones, left + wide * 0.76, 19, 44);
  sheet
    .pen(light.lamp)
    .circle(left + wide * 0.7, ground - 42, 3)
    .circle(left + 6, ground - 42, 3);
  const boxes = sheet.pen(light.leaves[0]);
  for (let at = 0; at < 7; at += 1) boxes.dome(left + wide * 0.1 + at * 7, top + 50, 4.4, 6);
  drawHedge(sheet, light, chance, left + wide + 8, 34, ground);
}

function drawBarnDoors({ sheet, ground }: Plot, tones: Tones, x: number, w: number): void {
  sheet.pen(tones.trim).rect(x - 4, ground - 52, w + 8, 52);
  sheet
    .pen(tones.door)
    .rect(x, ground - 48, w / 2 - 1, 48)
    .rect(x + w / 2 + 1, ground - 48, w / 2 - 1, 48);
  const planks = sheet.line(darker(tones.door, 0.28), 1.8);
  for (const side of [x, x + w / 2 + 1]) {
    const far = side + w / 2 - 4;
    planks.through(
      [side + 3, ground - 45],
      [far, ground - 45],
      [far, ground - 3],
      [side + 3, ground - 3],
      [side + 3, ground - 45],
      [far, ground - 3],
    );
  }
}

function drawGardenWall(plot: Plot, x: number, w: number): void {
  const { sheet, light, ground } = plot;
  const brick = shade(light, "#b0664c");
  sheet.pen(brick).rect(x, ground - 36, w, 36);
  sheet.pen(darker(brick, 0.2)).rect(x - 2, ground - 40, w + 4, 5);
  drawBricks(plot, darker(brick, 0.2), x, ground - 36, w, 36);
}

function drawBoards(plot: Plot, tones: Tones, x: number, y: number, w: number, h: number): void {
  const boards = plot.sheet.pen(tones.side, 0.28);
  for (let at = 0; at < h; at += 6) boards.rect(x, y + at, w, 1);
}

function drawCrossGable(plot: Plot, tones: Tones, x: number, w: number, eave: number, peak: number): void {
  const { sheet } = plot;
  const middle = x + w / 2;
  sheet.pen(tones.roofDark).poly([x - 8, eave + 7], [middle, peak + 3], [x + w + 8, eave + 7]);
  sheet
    .pen(tones.bright)
    .poly([x, eave + 7], [middle, peak + 13], [x + w, eave + 7])
    .rect(x, eave + 6, w, 22);
  new Windows(plot, tones.trim).sash(middle - 13, eave - 14, 11, 21).sash(middle + 2, eave - 14, 11, 21);
}

interface Front {
  left: number;
  wide: number;
  base: number;
  isLeft: boolean;
}

function drawFront(plot: Plot, tones: Tones, { left, wide, base, isLeft }: Front): void {
  const { sheet } = plot;
  const windows = new Windows(plot, tones.trim);
  const bay = isLeft ? left + wide * 0.1 : left + wide * 0.62;
  windows.sash(bay, base - 34, 13, 24).sash(bay + 17, base - 34, 13, 24);
  const doorX = isLeft ? left + wide * 0.6 : left + wide * 0.28;
  drawDoor({ ...plot, ground: base }, tones, doorX, 15, 33);
  windows.glow(isLeft ? doorX + 24 : doorX - 26, base - 30, 16, 20);
  const porchX = isLeft ? left + wide * 0.46 : left - 4;
  const porchW = wide * 0.58;
  sheet
    .pen(tones.roof)
    .poly(
      [porchX - 5, base - 41],
      [porchX + 5, base - 53],
      [porchX + porchW - 5, base - 53],
      [porchX + porchW + 5, base - 41],
    );
  const wood = sheet.pen(tones.trim);
  wood.rect(porchX - 3, base - 42, porchW + 6, 3.6);
  for (const share of [0.01, 0.3, 0.66, 0.95]) wood.rect(porchX + porchW * share, base - 39, 3.4, 39);
  wood.rect(porchX - 3, base - 2, porchW + 6, 4);
  sheet.pen(darker(tones.trim, 0.3)).rect(porchX - 2, base + 2, porchW + 4, 6);
  drawStoop(plot, darker(tones.trim, 0.14), doorX - 2, 19, 9);
}
