import { darker, lighter } from "./color";
import { LANDMARKS } from "./landmarks";
import { haze, lightOf, shade, type Light } from "./light";
import { drawPoplar, drawTree } from "./plants";
import { Chance } from "./random";
import type { Sheet } from "./sheet";
import { drawSky } from "./sky";
import { drawWater } from "./street";

/** What lies before a city, by its name. */
const COAST =
  /san francisco|new york|seattle|boston|miami|san diego|los angeles|honolulu|sydney|melbourne|lisbon|barcelona|hong kong|singapore|istanbul|tampa|fort lauderdale|tokyo|dubai|toronto|chicago|cleveland|washington|portland|london|paris/i;
const MOUNTAIN = /denver|salt lake|seattle|portland|munich|honolulu|tokyo|vancouver|san francisco|seoul|barcelona/i;
const DESERT = /phoenix|las vegas|dubai|el paso|albuquerque|tucson/i;

/** The skyline of a city like a poster of it; with `isFlight`, an airplane over it. */
export function drawCity(sheet: Sheet, seed: string, place: string, isFlight: boolean): void {
  const chance = new Chance(`city ${place} ${seed}`);
  const light = lightOf(chance);
  const isWet = COAST.test(place);
  const base = isWet ? 240 : 258;
  drawSky(sheet, light, chance, base);
  drawLand(sheet, light, chance, base, place);
  drawTowers(sheet, light, chance, base, place);
  const landmark = Object.entries(LANDMARKS).find(([name]) => place.toLowerCase().includes(name));
  landmark?.[1](sheet, light, sheet.w / 2, base);
  if (isWet) drawShore(sheet, light, chance, base);
  else drawPlain(sheet, light, chance, base, DESERT.test(place));
  if (isFlight) drawAirplane(sheet, light, sheet.w * (chance.often(0.5) ? 0.24 : 0.8), chance.between(50, 66));
}

function drawLand(sheet: Sheet, light: Light, chance: Chance, base: number, place: string): void {
  if (MOUNTAIN.test(place) || (place === "" && chance.often(0.4))) drawMountains(sheet, light, chance, base);
  else if (DESERT.test(place)) drawMesas(sheet, light, chance, base);
}

function drawTowers(sheet: Sheet, light: Light, chance: Chance, base: number, place: string): void {
  const isLow = /washington|paris|rome|lisbon|amsterdam|honolulu/i.test(place);
  const planes = [
    [0.72, 1],
    [0.45, 0.8],
  ] as const;
  for (const [distance, share] of planes) {
    const wall = sheet.pen(haze(light, "#3f6f78", distance));
    const lit = sheet.pen(
      light.lit > 0.2 ? haze({ ...light, depth: 0 }, light.lamp, distance * 0.6) : haze(light, "#8fb9b8", distance),
      0.75,
    );
    for (let x = -8; x < sheet.w;) {
      const w = chance.between(18, 38);
      const near = 1 - Math.min(1, Math.abs(x + w / 2 - sheet.w / 2) / (sheet.w * 0.6));
      const tall = (isLow ? chance.between(24, 44) : chance.between(34, 78) + near * chance.between(10, 70)) * share;
      wall.rect(x, base - tall, w, tall);
      if (chance.often(0.3))
        wall.poly([x, base - tall + 1], [x + w / 2, base - tall - w * 0.5], [x + w, base - tall + 1]);
      if (chance.often(0.2)) wall.rect(x + w / 2 - 1, base - tall - 18, 2, 20);
      for (let y = base - tall + 8; y < base - 8; y += 9)
        if (chance.often(0.55)) lit.rect(x + 4 + (chance.often(0.5) ? 0 : w * 0.42), y, w * 0.32, 3);
      x += w + chance.between(-3, 5);
    }
  }
}

function drawMountains(sheet: Sheet, light: Light, chance: Chance, base: number): void {
  const rock = sheet.pen(haze(light, "#51728a", 0.5));
  const snow = sheet.pen(lighter(light.far, 0.62));
  for (let x = -60; x < sheet.w + 40; x += chance.between(70, 110)) {
    const tall = chance.between(88, 150);
    const wide = tall * chance.between(0.8, 1.1);
    rock.poly([x - wide, base], [x, base - tall], [x + wide, base]);
    snow.poly(
      [x, base - tall],
      [x + wide * 0.24, base - tall * 0.76],
      [x + wide * 0.06, base - tall * 0.82],
      [x - wide * 0.08, base - tall * 0.72],
      [x - wide * 0.22, base - tall * 0.78],
    );
  }
}

function drawMesas(sheet: Sheet, light: Light, chance: Chance, base: number): void {
  const rock = sheet.pen(haze(light, "#b8553a", 0.35));
  const band = sheet.pen(haze(light, "#e2905c", 0.35));
  for (let x = -30; x < sheet.w; x += chance.between(90, 140)) {
    const w = chance.between(60, 110);
    const tall = chance.between(50, 96);
    rock.poly([x - 12, base], [x, base - tall], [x + w, base - tall], [x + w + 16, base]);
    band.rect(x + 2, base - tall + 12, w - 2, 5).rect(x + 1, base - tall + 26, w + 2, 3);
  }
}

function drawShore(sheet: Sheet, light: Light, chance: Chance, base: number): void {
  drawWater(sheet, light, chance, base);
  sheet
    .pen(darker(shade(light, "#2f6f63"), 0.1))
    .path(`M0 ${base}q${sheet.w * 0.2} -9 ${sheet.w * 0.36} 0H0z`)
    .path(`M${sheet.w} ${base}q${-sheet.w * 0.18} -11 ${-sheet.w * 0.34} 0z`);
  const x = sheet.w * chance.between(0.2, 0.75);
  const y = base + 34;
  sheet
    .pen(shade(light, "#fffaf0"))
    .path(`M${x} ${y - 34}q14 18 13 31h-13z`)
    .path(`M${x - 3} ${y - 30}q-10 14 -11 27h11z`);
  sheet.pen(shade(light, "#c2452d")).path(`M${x - 17} ${y - 1}h34q-4 8 -10 8h-15q-6 0 -9 -8z`);
}

function drawPlain(sheet: Sheet, light: Light, chance: Chance, base: number, isDry: boolean): void {
  const { w, h } = sheet;
  const ground = isDry ? shade(light, "#d99a5c") : light.ground;
  sheet.pen(ground).path(`M0 ${base - 2}Q${w * 0.3} ${base - 14} ${w * 0.62} ${base - 3}T${w} ${base - 8}V${h}H0z`);
  sheet.pen(darker(ground, 0.14)).path(`M0 ${h - 16}Q${w * 0.4} ${h - 34} ${w} ${h - 12}V${h}H0z`);
  if (isDry) {
    drawCactus(sheet, light, w * chance.of([0.14, 0.84]), h - 18);
    return;
  }
  for (let at = 0; at < 3; at += 1) drawPoplar(sheet, light, w * 0.08 + at * 18, base + 14 + at * 4, 54 - at * 6);
  drawTree(sheet, light, chance, w * 0.87, base + 20, 86);
}

function drawCactus(sheet: Sheet, light: Light, x: number, foot: number): void {
  const green = sheet.line(shade(light, "#2f6f55"), 10);
  green
    .through([x, foot], [x, foot - 66])
    .path(`M${x} ${foot - 22}h-12q-8 0 -8 -8v-14`)
    .path(`M${x} ${foot - 32}h11q8 0 8 -8v-12`);
}

/** An airliner that climbs to the right, with the arc it has flown. */
function drawAirplane(sheet: Sheet, light: Light, x: number, y: number): void {
  sheet.line("#fffaf0", 2.4, 0.7).path(`M${x - 250} ${y + 92}Q${x - 130} ${y + 66} ${x - 46} ${y + 18}`);
  const body = sheet.pen("#fffaf0");
  const shadow = sheet.pen(shade(light, "#b7c9c6"));
  const at = (along: number, across: number) =>
    [x + along * 0.93 - across * 0.36, y - along * 0.36 - across * 0.93] as const;
  sheet.pen(shade(light, "#0b5f4c")).poly(at(-34, 4), at(-48, 22), at(-38, 22), at(-18, 4));
  shadow.poly(at(-4, -2), at(-24, 30), at(-17, 31), at(16, 2));
  body.poly(at(-44, 3), at(-38, 6.5), at(30, 6.5), at(43, 2), at(46, -1), at(40, -4.5), at(30, -5.5), at(-30, -4));
  shadow.poly(at(-44, 3), at(-30, -4), at(30, -5.5), at(40, -4.5), at(-20, -1));
  sheet.pen(shade(light, "#ff7a45")).poly(at(2, -3), at(-22, -38), at(-13, -38), at(22, -4));
  sheet.pen(shade(light, "#ff7a45")).poly(at(-34, 1), at(-48, -12), at(-43, -12), at(-24, 0));
  const windows = sheet.pen("#23414a");
  for (let along = -26; along < 28; along += 6) windows.circle(...at(along, 2.4), 1.1);
}
