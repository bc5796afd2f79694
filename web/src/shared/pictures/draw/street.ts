import { darker, lighter, mix } from "./color";
import { haze, isDark, shade, type Light } from "./light";
import type { Chance } from "./random";
import type { Sheet } from "./sheet";

/** Sidewalk, kerb and road along the bottom of a picture. */
export function drawStreet(sheet: Sheet, light: Light, chance: Chance, ground: number): void {
  const { w, h } = sheet;
  sheet.pen(light.path).rect(0, ground, w, h - ground);
  const joints = sheet.pen(darker(light.path, 0.14));
  for (let x = chance.between(0, 24); x < w; x += 26)
    joints.poly([x, ground], [x + 1.2, ground], [x - 3, ground + 15], [x - 4.2, ground + 15]);
  sheet.pen(lighter(light.path, 0.35)).rect(0, ground + 15, w, 3);
  sheet.pen(light.road).rect(0, ground + 18, w, h - ground - 18);
  const marks = sheet.pen(lighter(light.road, 0.4));
  for (let x = -10; x < w; x += 48)
    marks.poly([x, ground + 31], [x + 22, ground + 31], [x + 20, ground + 33.5], [x - 2, ground + 33.5]);
}

/** Lawn with a path, for houses that stand alone. */
export function drawLawn(sheet: Sheet, light: Light, ground: number, doorX: number): void {
  const { w, h } = sheet;
  sheet.pen(light.ground).path(`M0 ${ground - 6}Q${w / 2} ${ground - 12} ${w} ${ground - 4}V${h}H0z`);
  sheet
    .pen(mix(light.ground, light.leaves[0], 0.35))
    .path(`M0 ${ground + 16}Q${w * 0.4} ${ground + 6} ${w} ${ground + 20}V${h}H0z`);
  sheet.pen(light.path).poly([doorX - 9, ground], [doorX + 9, ground], [doorX + 26, h], [doorX - 20, h]);
}

/** Water before a quay, with the reflections of what stands there. */
export function drawWater(sheet: Sheet, light: Light, chance: Chance, y: number): void {
  const { w, h } = sheet;
  const water = shade(light, isDark(light) ? "#2a6b7c" : "#4b9aa6");
  sheet.pen(water).rect(0, y, w, h - y);
  const bright = sheet.pen(mix(water, light.sky[2], 0.55));
  for (let at = 0; at < Math.round(w / 14); at += 1) {
    const depth = chance.between(0, 1);
    bright.plate(chance.between(-10, w), y + 4 + depth * (h - y - 8), 10 + depth * 26, 1.6, 0.8);
  }
}

/** A lamp of cast iron with its globe. */
export function drawLamp(sheet: Sheet, light: Light, x: number, ground: number): void {
  const iron = "#1d3b3a";
  sheet.line(shade(light, iron), 2).through([x, ground], [x, ground - 66]);
  sheet
    .pen(shade(light, iron))
    .rect(x - 3.5, ground - 8, 7, 8)
    .rect(x - 2.5, ground - 70, 5, 4);
  if (isDark(light)) sheet.pen(light.lamp, 0.2).circle(x, ground - 76, 17);
  sheet.pen(isDark(light) ? light.lamp : "#fffaf0").oval(x, ground - 76, 5, 6.5);
}

/** A bicycle that leans somewhere. */
export function drawBicycle(sheet: Sheet, light: Light, x: number, ground: number, color: string): void {
  const wheel = sheet.line(shade(light, "#26363a"), 1.5);
  const ring = (cx: number) => wheel.path(`M${cx - 8} ${ground - 8}a8 8 0 0 1 16 0a8 8 0 0 1 -16 0z`);
  ring(x);
  ring(x + 25);
  const frame = sheet.line(shade(light, color), 2);
  frame.through([x, ground - 8], [x + 8, ground - 20], [x + 21, ground - 20], [x + 12, ground - 8], [x, ground - 8]);
  frame
    .through([x + 25, ground - 8], [x + 20.5, ground - 23], [x + 17, ground - 24])
    .through([x + 12, ground - 8], [x + 7.5, ground - 22], [x + 4, ground - 22]);
}

/** The dome and the obelisk far behind the roofs: there is only one city that has both. */
export function drawCapital(sheet: Sheet, light: Light, x: number, base: number, scale: number): void {
  const stone = haze(light, "#f4ead6", 0.5);
  const pen = sheet.pen(stone);
  const at = (dx: number, dy: number) => [x + dx * scale, base - dy * scale] as const;
  pen.rect(x - 34 * scale, base - 14 * scale, 68 * scale, 14 * scale);
  pen.rect(x - 15 * scale, base - 27 * scale, 30 * scale, 14 * scale);
  pen.dome(x, base - 26 * scale, 12 * scale, 19 * scale);
  pen.poly(at(-2.5, 44), at(2.5, 44), at(1.6, 54), at(-1.6, 54));
  const shadow = sheet.pen(haze(light, "#b3a58f", 0.55));
  for (let dx = -11; dx < 13; dx += 6) shadow.rect(x + dx * scale, base - 25 * scale, 1.6 * scale, 11 * scale);
}
