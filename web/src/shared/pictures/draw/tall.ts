import { darker, lighter } from "./color";
import { drawBricks, drawDoor, tonesOf, Windows, type Paint, type Plot } from "./plot";

const TOWERS: readonly [Paint, ...Paint[]] = [
  { wall: "#3f7580", trim: "#e9f0ea", roof: "#25444c", door: "#e8794a" },
  { wall: "#d8cdb8", trim: "#fffaf0", roof: "#52606a", door: "#0f5646" },
  { wall: "#b8654a", trim: "#f4e5cf", roof: "#3a474d", door: "#16414a" },
  { wall: "#5a6f8c", trim: "#eef0ee", roof: "#2e3c4e", door: "#f0b84a" },
  { wall: "#86a79b", trim: "#f7f3e4", roof: "#3b524c", door: "#b5503a" },
];
const BLOCKS: readonly [Paint, ...Paint[]] = [
  { wall: "#b86b4b", trim: "#f6e8d0", roof: "#4f4a48", door: "#1b4a44" },
  { wall: "#d9c49a", trim: "#fff8e6", roof: "#5d5548", door: "#7a2c28" },
  { wall: "#9c4a3c", trim: "#f0e0c6", roof: "#3d4448", door: "#e0a83a" },
  { wall: "#c9b7a4", trim: "#ffffff", roof: "#585f62", door: "#234f66" },
  { wall: "#76917d", trim: "#f5efdc", roof: "#41504a", door: "#b34a34" },
];

/** A tower of flats: glass between slabs, balconies that step, a garden on the roof. */
export function drawTower(plot: Plot): void {
  const { chance, sheet, x, w, ground, distance } = plot;
  const tones = tonesOf(plot, chance.of(TOWERS));
  const tall = distance > 0 ? chance.between(110, 190) : chance.between(176, 200);
  const top = ground - tall;
  sheet.pen(tones.roofDark).rect(x + w * 0.3, top - 10, w * 0.34, 11);
  sheet.line(tones.roofDark, 1).through([x + w * 0.56, top - 10], [x + w * 0.56, top - 26]);
  sheet.pen(tones.wall).rect(x, top, w, tall);
  const edge = chance.often(0.5) ? x : x + w * 0.72;
  sheet.pen(tones.side).rect(edge, top + 8, w * 0.28, tall - 8);
  const windows = new Windows(plot, tones.trim);
  const floors = Math.floor((tall - 34) / 16);
  const columns = Math.max(3, Math.round(w / 17));
  const step = w / columns;
  for (let row = 0; row < floors; row += 1) {
    for (let column = 0; column < columns; column += 1)
      windows.pane(x + step * column + 2.5, top + 9 + row * 16, step - 5, 10.5);
  }
  const slabs = sheet.pen(tones.trim);
  for (let row = 0; row <= floors; row += 1) slabs.rect(x - 1, top + 4 + row * 16, w + 2, 2.2);
  if (distance === 0) drawBalconies(plot, tones.trim, lighter(tones.wall, 0.3), { top, floors, step, columns });
  drawLobby(plot, tones);
  if (chance.often(0.6))
    sheet
      .pen(plot.light.leaves[0])
      .dome(x + w * 0.15, top + 2, 7, 8)
      .dome(x + w * 0.25, top + 2, 5, 6)
      .dome(x + w * 0.85, top + 2, 6, 9);
}

/** A walk-up of four or five floors in brick, with a stone portal and a bay of windows over it. */
export function drawBlock(plot: Plot): void {
  const { chance, sheet, x, w, ground } = plot;
  const tones = tonesOf(plot, chance.of(BLOCKS));
  const floors = chance.whole(4, 5);
  const floor = 30;
  const top = ground - floors * floor - 12;
  const middle = x + w / 2;
  sheet.pen(tones.wall).rect(x, top, w, ground - top);
  drawBricks(plot, tones.side, x, top + 6, w, ground - top - 40);
  const isDeco = chance.often(0.5);
  sheet.pen(tones.bright).rect(middle - w * 0.16, top - (isDeco ? 14 : 0), w * 0.32, ground - top + (isDeco ? 14 : 0));
  const trim = sheet.pen(tones.trim);
  trim.rect(x - 2, top - 3, w + 4, 5).rect(x, ground - 34, w, 3);
  if (isDeco) for (const dx of [-0.15, -0.05, 0.05, 0.13]) trim.rect(middle + w * dx, top - 20, w * 0.02, 48);
  else trim.poly([middle - w * 0.2, top - 2], [middle, top - 19], [middle + w * 0.2, top - 2]);
  const windows = new Windows(plot, tones.trim);
  for (let row = 0; row < floors; row += 1) {
    const y = top + 12 + row * floor;
    for (const share of [0.07, 0.2, 0.73, 0.86]) windows.sash(x + w * share, y, w * 0.075, 17);
    if (row < floors - 1) windows.sash(middle - w * 0.1, y, w * 0.08, 17).sash(middle + w * 0.02, y, w * 0.08, 17);
  }
  sheet.pen(tones.trim).rect(middle - 17, ground - 41, 34, 41);
  drawDoor(plot, tones, middle - 10, 20, 35);
  if (chance.often(0.5)) drawEscape(plot, x + w * 0.72, w * 0.23, top + 30, ground - 40);
}

/** A hotel: a base of stone, an awning from the door to the kerb, flags, and its sign down the corner. */
export function drawHotel(plot: Plot): void {
  const { chance, sheet, x, w, ground, light } = plot;
  const tones = tonesOf(plot, chance.of(BLOCKS));
  const floors = 6;
  const top = ground - 192;
  sheet.pen(tones.roof).poly([x - 1, top], [x + 7, top - 22], [x + w - 7, top - 22], [x + w + 1, top]);
  sheet.pen(tones.wall).rect(x, top, w, 192);
  sheet
    .pen(tones.trim)
    .rect(x - 3, top - 2, w + 6, 6)
    .rect(x - 1, ground - 50, w + 2, 4);
  sheet.pen(tones.bright).rect(x, ground - 46, w, 46);
  const windows = new Windows(plot, tones.trim);
  const columns = Math.max(5, Math.round(w / 22));
  const step = w / columns;
  for (let row = 0; row < floors; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const left = x + step * (column + 0.5) - 5;
      if (row < 5) windows.sash(left, top + 13 + row * 25, 10, 15, row === 0);
    }
  }
  for (let column = 1; column < columns; column += 2) windows.sash(x + step * column - 5, top - 15, 9, 12, true);
  for (const share of [0.08, 0.26, 0.62, 0.8]) windows.glow(x + w * share, ground - 38, w * 0.12, 28);
  const middle = x + w / 2;
  drawDoor(plot, tones, middle - 11, 22, 38);
  drawAwning(plot, tones.door, tones.trim, middle);
  drawFlags(plot, tones.door, [middle - 34, middle + 34], ground - 52);
  sheet.pen(tones.door).plate(x + w - 5, top + 34, 12, 74, 3);
  const bulbs = sheet.pen(light.lamp);
  for (let at = 0; at < 7; at += 1) bulbs.circle(x + w + 1, top + 42 + at * 10, 2);
}

/** A warehouse made into lofts: great windows of small panes, a water tank on the roof. */
export function drawLoft(plot: Plot): void {
  const { chance, sheet, x, w, ground } = plot;
  const tones = tonesOf(plot, chance.of(BLOCKS));
  const top = ground - 148;
  const tank = x + w * chance.between(0.2, 0.6);
  const legs = sheet.line(tones.roofDark, 1.6);
  for (const dx of [0, 11, 22]) legs.through([tank + dx, top], [tank + dx, top - 16]);
  sheet
    .pen(tones.roof)
    .rect(tank - 2, top - 38, 26, 23)
    .poly([tank - 4, top - 38], [tank + 11, top - 50], [tank + 26, top - 38]);
  sheet.pen(tones.wall).rect(x, top, w, 148);
  drawBricks(plot, tones.side, x, top + 4, w, 120);
  sheet.pen(tones.trim).rect(x - 2, top - 3, w + 4, 6);
  const columns = w > 110 ? 4 : 3;
  const step = w / columns;
  const windows = new Windows(plot, tones.trim);
  const bars = sheet.pen(tones.roofDark);
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const left = x + step * column + step * 0.14;
      const wide = step * 0.72;
      const y = top + 14 + row * 44;
      if (row === 2 && column === 1) continue;
      windows.sash(left, y, wide, 31, row === 0);
      for (const part of [0.25, 0.75]) bars.rect(left + wide * part, y + 4, 1.2, 27);
      for (const part of [0.3, 0.72]) bars.rect(left, y + 31 * part, wide, 1.2);
    }
  }
  drawDoor(plot, tones, x + step * 1.5 - 12, 24, 42);
}

interface Grid {
  top: number;
  floors: number;
  step: number;
  columns: number;
}

function drawBalconies(plot: Plot, slab: string, rail: string, grid: Grid): void {
  const { sheet, chance, x, light } = plot;
  const rails = sheet.pen(rail, 0.8);
  const slabs = sheet.pen(slab);
  const plants = sheet.pen(light.leaves[1]);
  for (let row = 1; row < grid.floors; row += 1) {
    const column = (row * 2 + chance.whole(0, 1)) % grid.columns;
    const left = x + grid.step * column;
    const y = grid.top + 4 + (row + 1) * 16;
    rails.rect(left - 1, y - 7, grid.step + 2, 7);
    slabs.rect(left - 2.5, y - 0.6, grid.step + 5, 3);
    if (chance.often(0.4)) plants.circle(left + 4, y - 8, 3).circle(left + 8, y - 7, 2.4);
  }
}

function drawLobby(plot: Plot, tones: ReturnType<typeof tonesOf>): void {
  const { sheet, x, w, ground } = plot;
  sheet.pen(tones.roofDark).rect(x, ground - 25, w, 25);
  const windows = new Windows(plot, tones.trim);
  for (let at = 0; at < 4; at += 1) windows.glow(x + 4 + (at * (w - 8)) / 4, ground - 21, (w - 8) / 4 - 3, 21);
  sheet.pen(tones.door).rect(x + w * 0.34, ground - 29, w * 0.32, 4.5);
}

function drawEscape(plot: Plot, x: number, w: number, top: number, foot: number): void {
  const iron = plot.sheet.line(darker(plot.light.glass, 0.4), 1.1);
  for (let y = top; y < foot; y += 30) {
    iron.through([x, y], [x + w, y]);
    iron.through([x, y - 7], [x + w, y - 7]);
    if (y + 30 < foot) iron.through([x + 2, y], [x + w - 2, y + 30]);
    for (const share of [0, 0.5, 1]) iron.through([x + w * share, y - 7], [x + w * share, y]);
  }
}

function drawAwning(plot: Plot, cloth: string, trim: string, middle: number): void {
  const { sheet, ground } = plot;
  sheet
    .pen(cloth)
    .poly(
      [middle - 18, ground - 44],
      [middle + 18, ground - 44],
      [middle + 25, ground - 32],
      [middle - 25, ground - 32],
    );
  const edge = sheet.pen(trim);
  for (let at = -22; at < 24; at += 10) edge.rect(middle + at, ground - 32, 5, 4);
  const posts = sheet.line(trim, 1.3);
  posts
    .through([middle - 23, ground - 31], [middle - 23, ground])
    .through([middle + 23, ground - 31], [middle + 23, ground]);
}

function drawFlags(plot: Plot, color: string, at: readonly number[], y: number): void {
  const pole = plot.sheet.line(darker(color, 0.5), 1.1);
  const cloth = plot.sheet.pen(color);
  for (const x of at) {
    pole.through([x, y], [x + 9, y - 17]);
    cloth.poly([x + 4, y - 8], [x + 9, y - 17], [x + 21, y - 13], [x + 15, y - 4]);
  }
}
