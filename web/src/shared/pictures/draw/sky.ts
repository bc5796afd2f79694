import { mix } from "./color";
import { isDark, type Light } from "./light";
import type { Chance } from "./random";
import type { Sheet } from "./sheet";

/** The sky of a poster: three flat bands, the sun with a ring of light, and a few clouds. */
export function drawSky(sheet: Sheet, light: Light, chance: Chance, horizon: number): void {
  const { w } = sheet;
  const [top, middle, low] = light.sky;
  sheet.pen(top).rect(0, 0, w, sheet.h);
  const rise = chance.between(-10, 10);
  sheet.pen(middle).path(wave(w, horizon * 0.42, rise, horizon));
  sheet.pen(low).path(wave(w, horizon * 0.74, -rise, sheet.h));
  const x = w * (chance.often(0.5) ? chance.between(0.12, 0.3) : chance.between(0.7, 0.88));
  const y =
    horizon *
    (light.hour === "dusk" || light.hour === "golden" ? chance.between(0.35, 0.55) : chance.between(0.16, 0.32));
  if (light.hour === "night") drawNight(sheet, light, chance, x, y);
  else {
    const r = light.hour === "noon" ? 15 : 21;
    sheet.pen(light.sun, 0.22).circle(x, y, r * 2);
    sheet.pen(light.sun, 0.9).circle(x, y, r);
  }
  drawClouds(sheet, light, chance, horizon);
}

function drawNight(sheet: Sheet, light: Light, chance: Chance, x: number, y: number): void {
  const stars = sheet.pen(light.sun, 0.75);
  for (let count = 0; count < 16; count += 1) {
    stars.circle(chance.between(0, sheet.w), chance.between(4, 130), chance.often(0.25) ? 1.3 : 0.8);
  }
  sheet.pen(light.sun, 0.12).circle(x, y, 30);
  sheet.pen(light.sun).circle(x, y, 14);
  sheet.pen(mix(light.sky[0], light.sun, 0.12)).circle(x - 6, y - 4, 12);
}

function drawClouds(sheet: Sheet, light: Light, chance: Chance, horizon: number): void {
  const pen = sheet.pen(light.cloud, isDark(light) ? 0.55 : 0.85);
  const count = Math.round(sheet.w / 190) + chance.whole(0, 1);
  for (let at = 0; at < count; at += 1) {
    const long = chance.between(38, 78);
    const x = chance.between(-20, sheet.w - 20);
    const y = chance.between(horizon * 0.12, horizon * 0.5);
    pen.plate(x, y, long, 7, 3.5);
    pen.plate(x + long * 0.22, y - 6, long * 0.5, 8, 4);
    if (chance.often(0.6)) pen.plate(x - long * 0.25, y + 6, long * 0.8, 5, 2.5);
  }
}

function wave(w: number, y: number, rise: number, bottom: number): string {
  return `M0 ${y}Q${w / 4} ${y - 14 + rise} ${w / 2} ${y}T${w} ${y}V${bottom}H0z`;
}
