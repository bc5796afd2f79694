import { darker } from "./color";
import {
  BRICKS,
  drawBricks,
  drawDoor,
  drawStoop,
  paintOf,
  tonesOf,
  Windows,
  type Paint,
  type Plot,
  type Tones,
} from "./plot";

/** A Victorian row house: a bay over all floors with a turret or a gable, a cornice, and a stoop to the door beside it. */
export function drawRowHouse(plot: Plot, paint: Paint = paintOf(plot, BRICKS), hasBasement = false): void {
  const { chance, x, w, ground, sheet } = plot;
  const tones = tonesOf(plot, paint);
  const floors = w > 64 ? chance.whole(2, 3) : 2;
  const rise = chance.between(14, 20);
  const floor = chance.between(43, 48);
  const top = ground - rise - floors * floor;
  sheet.pen(tones.wall).rect(x, top, w, ground - top);
  drawBricks(plot, tones.side, x, top, w, ground - top - 10);
  drawCornice(plot, tones, top);
  const isLeft = chance.often(0.5);
  const bayW = w * 0.52;
  const bayX = isLeft ? x + w * 0.06 : x + w * 0.42;
  const doorX = isLeft ? x + w * 0.67 : x + w * 0.12;
  const doorW = w * 0.19;
  drawBay(plot, tones, { x: bayX, w: bayW, top: top + 2, floors, floor });
  drawSashes(plot, tones, { x: bayX, w: bayW, top, floors, floor }, doorX + doorW * 0.1, doorW * 0.8);
  if (hasBasement) drawBasement(plot, tones, doorX, doorW, rise);
  drawDoor({ ...plot, ground: ground - rise }, tones, doorX, doorW, 33);
  drawStoop(
    plot,
    plot.distance > 0 ? tones.side : chance.of(["#c9bba3", "#a79f95", "#b9a58c"]),
    doorX - 1,
    doorW + 2,
    rise,
  );
}

function drawSashes(plot: Plot, tones: Tones, bay: Bay, overDoor: number, wide: number): void {
  const windows = new Windows(plot, tones.trim);
  const isArched = plot.chance.often(0.4);
  for (let at = 0; at < bay.floors; at += 1) {
    const y = bay.top + 11 + at * bay.floor;
    const tall = bay.floor * 0.56;
    windows.sash(bay.x + bay.w * 0.12, y, bay.w * 0.15, tall);
    windows.sash(bay.x + bay.w * 0.39, y, bay.w * 0.22, tall, isArched);
    windows.sash(bay.x + bay.w * 0.73, y, bay.w * 0.15, tall);
    if (at < bay.floors - 1) windows.sash(overDoor, y, wide, tall, isArched);
  }
}

/** The flat roofed kind with a porch over its whole front, as uptown has it. */
export function drawPorchHouse(plot: Plot, paint: Paint = paintOf(plot, BRICKS)): void {
  const { x, w, ground, sheet } = plot;
  const tones = tonesOf(plot, paint);
  const top = ground - 108;
  sheet.pen(tones.wall).rect(x, top, w, ground - top);
  drawBricks(plot, tones.side, x, top + 20, w, 44);
  const roof = sheet.pen(tones.roof);
  roof.poly([x, top + 5], [x + 6, top - 17], [x + w - 6, top - 17], [x + w, top + 5]);
  sheet.pen(tones.roofDark).rect(x, top + 4, w, 3);
  sheet
    .pen(tones.trim)
    .poly(
      [x + w * 0.36, top + 3],
      [x + w * 0.36, top - 10],
      [x + w / 2, top - 21],
      [x + w * 0.64, top - 10],
      [x + w * 0.64, top + 3],
    );
  const windows = new Windows(plot, tones.trim);
  windows.sash(x + w * 0.43, top - 10, w * 0.14, 11);
  for (const share of [0.14, 0.42, 0.7]) windows.sash(x + w * share, top + 16, w * 0.16, 25);
  windows.glow(x + w * 0.12, ground - 42, w * 0.38, 25);
  drawDoor({ ...plot, ground: ground - 8 }, tones, x + w * 0.66, w * 0.19, 33);
  sheet.pen(tones.roof).poly([x, ground - 50], [x + 5, ground - 61], [x + w - 5, ground - 61], [x + w, ground - 50]);
  const porch = sheet.pen(tones.trim);
  porch.rect(x, ground - 51, w, 4);
  for (const share of [0, 0.3, 0.58, 0.94]) porch.rect(x + w * share, ground - 48, w * 0.055, 40);
  porch.rect(x, ground - 22, w * 0.6, 2);
  for (let at = 0; at < w * 0.6; at += 5) porch.rect(x + at, ground - 21, 1.2, 12);
  sheet.pen(darker(tones.trim, 0.25)).rect(x, ground - 9, w, 9);
  drawStoop(plot, darker(tones.trim, 0.12), x + w * 0.64, w * 0.23, 9);
}

function drawCornice(plot: Plot, tones: Tones, top: number): void {
  const { sheet, x, w } = plot;
  const trim = sheet.pen(tones.trim);
  trim.rect(x, top - 7, w, 8);
  sheet.pen(tones.roofDark).rect(x, top - 10, w, 3.5);
  const teeth = sheet.pen(tones.side);
  for (let at = 3; at < w - 3; at += 6) teeth.rect(x + at, top - 4.5, 2.4, 4.5);
}

interface Bay {
  x: number;
  w: number;
  top: number;
  floors: number;
  floor: number;
}

function drawBay(plot: Plot, tones: Tones, bay: Bay): void {
  const { sheet, ground } = plot;
  const { x, w, top } = bay;
  const cut = w * 0.3;
  sheet.pen(tones.side).rect(x, top, w, ground - top);
  sheet.pen(tones.bright).rect(x + cut, top, w - 2 * cut, ground - top);
  const bands = sheet.pen(tones.trim);
  for (let at = 1; at < bay.floors; at += 1) bands.rect(x - 1, top + at * bay.floor - 1, w + 2, 3);
  sheet.pen(tones.roofDark, 0.35).rect(x, ground - 9, w, 9);
  const crown = plot.chance.whole(0, 2);
  if (crown === 0) drawTurret(plot, tones, x, w, top);
  else if (crown === 1) drawGable(plot, tones, x, w, top);
  else {
    sheet.pen(tones.trim).rect(x - 2, top - 11, w + 4, 5);
    sheet.pen(tones.roof).poly([x - 2, top - 11], [x + 4, top - 24], [x + w - 4, top - 24], [x + w + 2, top - 11]);
  }
}

function drawTurret(plot: Plot, tones: Tones, x: number, w: number, top: number): void {
  const { sheet, chance } = plot;
  const tall = chance.between(30, 42);
  const middle = x + w / 2;
  sheet.pen(tones.trim).rect(x - 2, top - 12, w + 4, 5);
  sheet.pen(tones.roof).poly([x - 3, top - 12], [middle, top - 12 - tall], [x + w + 3, top - 12]);
  sheet.pen(tones.roofDark).poly([middle, top - 12 - tall], [x + w + 3, top - 12], [x + w * 0.66, top - 12]);
  sheet.line(tones.roofDark, 1.4).through([middle, top - 10 - tall], [middle, top - 21 - tall]);
  sheet.pen(tones.roofDark).circle(middle, top - 18 - tall, 1.8);
}

function drawGable(plot: Plot, tones: Tones, x: number, w: number, top: number): void {
  const { sheet } = plot;
  const middle = x + w / 2;
  sheet.pen(tones.roofDark).poly([x - 4, top - 6], [middle, top - 36], [x + w + 4, top - 6]);
  sheet.pen(tones.bright).poly([x + 2, top - 6], [middle, top - 30], [x + w - 2, top - 6]);
  sheet
    .pen(tones.trim)
    .rect(x - 2, top - 9, w + 4, 4)
    .circle(middle, top - 16, 5.5);
  sheet.pen(plot.light.lit > 0.3 ? plot.light.lamp : plot.light.glass).circle(middle, top - 16, 3.6);
}

function drawBasement(plot: Plot, tones: Tones, doorX: number, doorW: number, rise: number): void {
  const { sheet, x, w, ground, light } = plot;
  const isRight = doorX > x + w / 2;
  const at = isRight ? x + w * 0.16 : x + w * 0.56;
  sheet.pen(tones.trim).rect(at - 2, ground - rise - 1, w * 0.3, rise + 1);
  sheet.pen(tones.door).rect(at, ground - rise + 1, w * 0.1, rise - 1);
  sheet.pen(light.lamp).rect(at + w * 0.13, ground - rise + 2, w * 0.11, rise * 0.55);
  const rail = sheet.line(darker(tones.roof, 0.4), 1.1);
  rail.through([at - 6, ground - 9], [at + w * 0.34, ground - 9]);
  for (let post = -6; post <= w * 0.34; post += 4) rail.through([at + post, ground - 9], [at + post, ground]);
  sheet.pen(light.lamp, 0.9).circle(doorX - doorW * 0.3, ground - rise - 22, 1.8);
}
