import { darker, lighter } from "./color";
import { haze, type Light } from "./light";
import type { Chance } from "./random";
import type { Pen, Sheet } from "./sheet";

/** A piece of ground that a house is drawn on. */
export interface Plot {
  sheet: Sheet;
  light: Light;
  chance: Chance;
  x: number;
  w: number;
  /** Where the house stands: its lowest line. */
  ground: number;
  /** 0 for the house the picture is of; neighbors stand back a little. */
  distance: number;
  /** Which of the paints the street begins with. */
  turn?: number;
}

/** The colors of one house. */
export interface Paint {
  wall: string;
  trim: string;
  roof: string;
  door: string;
}

/** Painted brick, as the streets of Washington have it. */
export const BRICKS: readonly [Paint, ...Paint[]] = [
  { wall: "#b5503a", trim: "#f3e6cf", roof: "#4a5560", door: "#17493f" },
  { wall: "#8f3b31", trim: "#f0dcc0", roof: "#3f4c50", door: "#e0a83a" },
  { wall: "#d9a441", trim: "#fff6df", roof: "#5d5048", door: "#1d5a6b" },
  { wall: "#2f6f63", trim: "#f5ead2", roof: "#37474d", door: "#e8794a" },
  { wall: "#e7d9bd", trim: "#ffffff", roof: "#4d5a5e", door: "#a8352c" },
  { wall: "#5d7f99", trim: "#f4f1e6", roof: "#3c4750", door: "#f0b84a" },
  { wall: "#d98f7a", trim: "#fff3e4", roof: "#5a4a4c", door: "#2b5f57" },
  { wall: "#7c8f63", trim: "#f6eed8", roof: "#4b4f45", door: "#7a2f2a" },
  { wall: "#c9653f", trim: "#f8e7cc", roof: "#54494a", door: "#0f4b57" },
  { wall: "#3d5a73", trim: "#efe6d2", roof: "#2f3b45", door: "#d7613d" },
  { wall: "#ecc9a0", trim: "#fffaf0", roof: "#63564c", door: "#215e4d" },
  { wall: "#a4617a", trim: "#fdeee2", roof: "#4a4252", door: "#f1c15a" },
];

/** The tones a house is put together of, in the light of its picture. */
export interface Tones {
  wall: string;
  side: string;
  bright: string;
  trim: string;
  roof: string;
  roofDark: string;
  door: string;
}

/** One of some paints. Neighbors share the first few of a street: few colors make a calm row. */
export function paintOf({ chance, distance, turn = 0 }: Plot, paints: readonly [Paint, ...Paint[]]): Paint {
  if (distance === 0) return chance.of(paints);
  return paints[(turn + chance.whole(0, 2) * 2) % paints.length] ?? paints[0];
}

/** The light of a day takes what is different from trims and roofs that stand back. */
const AFAR: Pick<Paint, "trim" | "roof"> = { trim: "#f3e9d6", roof: "#4a5358" };

export function tonesOf(plot: Plot, own: Paint): Tones {
  const tone = (color: string) => haze(plot.light, color, plot.distance);
  const paint = plot.distance > 0 ? { ...own, ...AFAR } : own;
  return {
    wall: tone(paint.wall),
    side: tone(darker(paint.wall, 0.22)),
    bright: tone(lighter(paint.wall, 0.16)),
    trim: tone(paint.trim),
    roof: tone(paint.roof),
    roofDark: tone(darker(paint.roof, 0.25)),
    door: tone(paint.door),
  };
}

/** Draws the windows of one house with one set of pens, so that a facade is five shapes and not fifty. */
export class Windows {
  private readonly frame: Pen;
  private readonly glass: Pen;
  private readonly lit: Pen;
  private readonly curtain: Pen;
  private readonly bars: Pen;

  constructor(
    private readonly plot: Plot,
    frame: string,
  ) {
    const { sheet, light, distance } = plot;
    this.frame = sheet.pen(frame);
    this.glass = sheet.pen(haze(light, light.glass, distance * 0.7));
    this.lit = sheet.pen(haze({ ...light, depth: 0 }, light.lamp, distance * 0.5));
    this.curtain = sheet.pen(frame, 0.55);
    this.bars = sheet.pen(frame);
  }

  /** A sash window; with `arched`, under a round head. */
  sash(x: number, y: number, w: number, h: number, arched = false): this {
    const { chance, light } = this.plot;
    const pen = chance.often(light.lit) ? this.lit : this.glass;
    const rise = arched ? w * 0.45 : 0;
    if (arched) {
      this.frame.arch(x - 1.6, y - 1.8, w + 3.2, h + 2.8, rise + 1.2);
      pen.arch(x, y, w, h, rise);
    } else {
      this.frame.rect(x - 1.6, y - 2.4, w + 3.2, h + 3.4);
      pen.rect(x, y, w, h);
    }
    this.frame.rect(x - 2.6, y + h, w + 5.2, 2);
    if (this.plot.distance === 0 && chance.often(0.35))
      this.curtain.poly([x, y + rise], [x + w * 0.45, y + rise], [x, y + h * 0.8]);
    this.bars.rect(x, y + h * 0.48, w, 1.2);
    if (w > 9) this.bars.rect(x + w / 2 - 0.5, y + rise * 0.3, 1, h - rise * 0.3);
    return this;
  }

  /** A pane without a frame, as of glass walls. */
  pane(x: number, y: number, w: number, h: number): this {
    (this.plot.chance.often(this.plot.light.lit) ? this.lit : this.glass).rect(x, y, w, h);
    return this;
  }

  /** A pane that is lit whenever it is dark enough for lamps. */
  glow(x: number, y: number, w: number, h: number): this {
    (this.plot.light.lit > 0.15 ? this.lit : this.glass).rect(x, y, w, h);
    return this;
  }
}

/** A door in a frame with a light over it, and the knob. */
export function drawDoor(plot: Plot, tones: Tones, x: number, w: number, h: number, foot = plot.ground): void {
  const { sheet, light } = plot;
  sheet.pen(tones.trim).arch(x - 2.5, foot - h - 2.5, w + 5, h + 2.5, w * 0.4);
  sheet
    .pen(light.lit > 0.15 ? light.lamp : haze(light, light.glass, plot.distance))
    .arch(x, foot - h, w, h * 0.3, w * 0.36);
  const leaf = sheet.pen(tones.door);
  leaf.rect(x, foot - h * 0.74, w, h * 0.74);
  if (plot.distance > 0) return;
  const panel = sheet.pen(darker(tones.door, 0.2));
  const inset = w * 0.18;
  panel
    .rect(x + inset, foot - h * 0.66, w - 2 * inset, h * 0.24)
    .rect(x + inset, foot - h * 0.34, w - 2 * inset, h * 0.24);
  sheet.pen(light.lamp).circle(x + w * 0.84, foot - h * 0.36, 0.9);
}

/** Short dashes here and there, that make a plane brick. */
export function drawBricks(plot: Plot, color: string, x: number, y: number, w: number, h: number): void {
  const { sheet, chance, distance } = plot;
  if (distance > 0) return;
  const pen = sheet.pen(color, 0.55);
  const count = Math.round((w * h) / 260);
  for (let at = 0; at < count; at += 1) {
    const row = y + 4 + Math.floor(chance.between(0, (h - 8) / 4)) * 4;
    pen.rect(x + 2 + chance.between(0, w - 9), row, chance.between(3, 5), 1.2);
  }
}

/** Steps up to a door, seen from the front. */
export function drawStoop(plot: Plot, color: string, x: number, w: number, rise: number): void {
  const steps = 4;
  const pens = [plot.sheet.pen(color), plot.sheet.pen(darker(color, 0.14))];
  for (let at = 0; at < steps; at += 1) {
    const out = ((steps - at) / steps) * 5;
    pens[at % 2]?.rect(x - out, plot.ground - (rise * (at + 1)) / steps, w + 2 * out, rise / steps + 0.4);
  }
  if (plot.distance > 0) return;
  const rail = plot.sheet.line(darker(color, 0.6), 1.2);
  for (const side of [x - 4.5, x + w + 4.5]) {
    rail.through([side, plot.ground], [side, plot.ground - rise - 7]);
  }
  rail.through([x - 4.5, plot.ground - rise * 0.4 - 7], [x - 1, plot.ground - rise - 8]);
  rail.through([x + w + 4.5, plot.ground - rise * 0.4 - 7], [x + w + 1, plot.ground - rise - 8]);
}
