import { darker } from "./color";
import { drawBricks, drawDoor, drawStoop, paintOf, tonesOf, Windows, type Paint, type Plot } from "./plot";

const PAINTS: readonly [Paint, ...Paint[]] = [
  { wall: "#a8523f", trim: "#f7efe0", roof: "#54606a", door: "#163f3a" },
  { wall: "#e9dcc3", trim: "#ffffff", roof: "#5a5552", door: "#1d4f63" },
  { wall: "#c97f5b", trim: "#fff4e2", roof: "#4b5258", door: "#7a1f24" },
  { wall: "#8fa8a3", trim: "#f8f5ea", roof: "#3f4a50", door: "#d9a33b" },
  { wall: "#f0d9b5", trim: "#fffdf6", roof: "#6a5a4e", door: "#2c5a44" },
  { wall: "#7f3d35", trim: "#f1e5d3", roof: "#3e464c", door: "#10353a" },
  { wall: "#b9c4b1", trim: "#fffbf0", roof: "#565d58", door: "#8c3b2d" },
];
const SHUTTERS = ["#17493f", "#22384a", "#5b2a2c", "#36584c", "#12303a"] as const;

/** A Federal house: flat front, shutters, a fanlight over the door, dormers and a chimney at each end. */
export function drawFederal(plot: Plot): void {
  const { chance, sheet, x, w, ground } = plot;
  const tones = tonesOf(plot, paintOf(plot, PAINTS));
  const shutter = tonesOf(plot, { wall: chance.of(SHUTTERS), trim: "#ffffff", roof: "#444444", door: "#222222" }).wall;
  const floors = chance.whole(2, 3);
  const floor = floors === 3 ? 39 : 46;
  const rise = 8;
  const top = ground - rise - floors * floor;
  drawRoof(plot, tones, top);
  sheet.pen(tones.wall).rect(x, top, w, ground - top);
  drawBricks(plot, tones.side, x, top + 4, w, ground - top - 20);
  sheet.pen(tones.trim).rect(x, top - 2, w, 5);
  sheet.pen(tones.side).rect(x, ground - rise, w, rise);
  const columns = w > 78 ? 4 : 3;
  const doorAt = chance.often(0.5) ? 0 : columns - 1;
  const step = w / columns;
  const wide = Math.min(12, step * 0.42);
  const shutters = sheet.pen(shutter);
  const windows = new Windows(plot, tones.trim);
  for (let row = 0; row < floors; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (row === floors - 1 && column === doorAt) continue;
      const left = x + step * (column + 0.5) - wide / 2;
      const y = top + 11 + row * floor;
      windows.sash(left, y, wide, floor * 0.54);
      shutters
        .rect(left - wide * 0.52 - 1, y - 1, wide * 0.5, floor * 0.56 + 1)
        .rect(left + wide + 1.2, y - 1, wide * 0.5, floor * 0.56 + 1);
    }
  }
  const doorW = Math.min(15, step * 0.56);
  const doorX = x + step * (doorAt + 0.5) - doorW / 2;
  sheet
    .pen(tones.trim)
    .poly(
      [doorX - 6, ground - rise - 37],
      [doorX + doorW / 2, ground - rise - 45],
      [doorX + doorW + 6, ground - rise - 37],
    );
  sheet.pen(tones.trim).rect(doorX - 5, ground - rise - 37, doorW + 10, 37);
  drawDoor({ ...plot, ground: ground - rise }, tones, doorX, doorW, 33);
  drawStoop(plot, darker(tones.trim, 0.16), doorX - 1, doorW + 2, rise);
  drawBoxes(plot, doorX, doorW);
}

function drawRoof(plot: Plot, tones: ReturnType<typeof tonesOf>, top: number): void {
  const { sheet, x, w, chance } = plot;
  const stack = sheet.pen(tones.side);
  stack.rect(x + 3, top - 36, 10, 36).rect(x + w - 13, top - 36, 10, 36);
  sheet
    .pen(tones.trim)
    .rect(x + 2, top - 38, 12, 3)
    .rect(x + w - 14, top - 38, 12, 3);
  sheet.pen(tones.roof).poly([x, top], [x + 7, top - 25], [x + w - 7, top - 25], [x + w, top]);
  const dormers = chance.whole(1, 2);
  const trim = sheet.pen(tones.trim);
  const windows = new Windows(plot, tones.trim);
  for (let at = 0; at < dormers; at += 1) {
    const middle = x + (w * (at + 1)) / (dormers + 1);
    trim.poly([middle - 8, top - 19], [middle, top - 28], [middle + 8, top - 19]).rect(middle - 6.5, top - 19, 13, 17);
    windows.sash(middle - 3.5, top - 16, 7, 13, true);
  }
}

/** Boxwood in pots on both sides of the door. */
function drawBoxes(plot: Plot, doorX: number, doorW: number): void {
  if (plot.distance > 0.15) return;
  const { sheet, ground, light } = plot;
  sheet
    .pen(light.leaves[0])
    .circle(doorX - 13, ground - 13, 6)
    .circle(doorX + doorW + 13, ground - 13, 6);
  sheet
    .pen(darker("#c07a4f", light.depth))
    .poly([doorX - 17, ground - 8], [doorX - 9, ground - 8], [doorX - 10, ground], [doorX - 16, ground]);
  sheet
    .pen(darker("#c07a4f", light.depth))
    .poly(
      [doorX + doorW + 9, ground - 8],
      [doorX + doorW + 17, ground - 8],
      [doorX + doorW + 16, ground],
      [doorX + doorW + 10, ground],
    );
}
