import { drawCarriageHouse, drawDetached } from "./detached";
import { drawFederal } from "./federal";
import { isDark, lightOf, type Light } from "./light";
import { drawTree } from "./plants";
import { BRICKS, type Plot } from "./plot";
import { Chance } from "./random";
import { drawPorchHouse, drawRowHouse } from "./rowHouse";
import type { Sheet } from "./sheet";
import { drawSky } from "./sky";
import { drawBicycle, drawCapital, drawLamp, drawLawn, drawStreet, drawWater } from "./street";
import { drawBlock, drawHotel, drawLoft, drawTower } from "./tall";

export type Build =
  "rowHouse" | "basement" | "porch" | "federal" | "tower" | "block" | "hotel" | "loft" | "detached" | "carriage";

/** How a part of town builds, by what its name has in it. The first that fits. */
const PARTS: readonly [names: RegExp, row: Build, flats: Build, house: Build][] = [
  [/georgetown|foggy bottom|west end/i, "federal", "federal", "federal"],
  [/navy yard|southwest|waterfront|noma|buzzard/i, "tower", "tower", "rowHouse"],
  [/downtown|chinatown|penn quarter|mount vernon/i, "block", "tower", "block"],
  [/dupont|kalorama|adams morgan|cleveland park|cathedral|van ness/i, "rowHouse", "block", "rowHouse"],
  [/petworth|brightwood|park view|trinidad|ivy city|lamont|fairlawn|river terrace/i, "porch", "block", "porch"],
  [
    /brookland|takoma|palisades|tenleytown|chevy chase|woodridge|anacostia|shepherd|michigan park|deanwood|marshall|hillcrest|spring valley|kenilworth|mayfair|congress heights|sheridan|douglas|fort/i,
    "detached",
    "block",
    "detached",
  ],
];

/** What the words of a name say about the building. The first that fits; a part of town decides where it may. */
const WORDS: readonly [words: RegExp, build: (row: Build, flats: Build, house: Build, chance: Chance) => Build][] = [
  [/bed and breakfast/, () => "rowHouse"],
  [/hotel|hostel|resort/, () => "hotel"],
  [/loft/, () => "loft"],
  [/guest ?house|carriage|cottage|tiny|cabin/, () => "carriage"],
  [/guest suite|basement|in-law/, (row) => (row === "detached" || row === "federal" ? row : "basement")],
  [/townhouse|row ?house/, (row) => (row === "block" || row === "tower" ? "rowHouse" : row)],
  [/condo|serviced/, (_, flats, __, chance) => (chance.often(0.5) ? "tower" : flats)],
  [/apartment|flat/, (row, flats, __, chance) => (chance.often(0.55) ? flats : row)],
  [/villa|bungalow/, () => "detached"],
  [/house/, (_, __, house) => house],
  [/./, (row, flats, __, chance) => (chance.often(0.6) ? row : flats)],
];

/** What sort of building something is, from its name or kind (`variant`) and its part of town. */
export function buildOf(variant: string, place: string, chance: Chance): Build {
  const text = variant.toLowerCase().replaceAll("_", " ") || "home";
  const [, row, flats, house] = PARTS.find(([names]) => names.test(place)) ?? [/./, "rowHouse", "block", "rowHouse"];
  const decide = WORDS.find(([words]) => words.test(text))?.[1];
  return decide?.(row, flats, house, chance) ?? row;
}

const DRAW: Readonly<Record<Build, (plot: Plot) => void>> = {
  rowHouse: (plot) => drawRowHouse(plot),
  basement: (plot) => drawRowHouse(plot, plot.chance.of(BRICKS), true),
  porch: (plot) => drawPorchHouse(plot),
  federal: drawFederal,
  tower: drawTower,
  block: drawBlock,
  hotel: drawHotel,
  loft: drawLoft,
  detached: drawDetached,
  carriage: drawCarriageHouse,
};
const WIDTHS: Readonly<Record<Build, readonly [hero: number, beside: number]>> = {
  rowHouse: [84, 72],
  basement: [88, 72],
  porch: [92, 84],
  federal: [92, 76],
  tower: [112, 92],
  block: [140, 84],
  hotel: [150, 88],
  loft: [136, 80],
  detached: [206, 150],
  carriage: [214, 80],
};

/** The front of a home with its street. The house itself stands in the middle, its neighbors back in the haze. */
export function drawHome(sheet: Sheet, seed: string, variant: string, place: string): void {
  const chance = new Chance(`home ${seed}`);
  const light = lightOf(chance);
  const build = buildOf(variant, place, chance);
  const isAlone = build === "detached" || build === "carriage";
  const ground = isAlone ? 250 : 256;
  drawSky(sheet, light, chance, ground);
  drawBack(sheet, light, chance, ground, build);
  if (isAlone) drawLawn(sheet, light, ground, sheet.w / 2 + 6);
  else drawRow(sheet, light, chance, ground, build);
  const wide = WIDTHS[build][0];
  DRAW[build]({ sheet, light, chance, x: (sheet.w - wide) / 2, w: wide, ground, distance: 0 });
  drawFore(sheet, light, chance, ground, build);
}

function drawBack(sheet: Sheet, light: Light, chance: Chance, ground: number, build: Build): void {
  const { w } = sheet;
  if (chance.often(0.3))
    drawCapital(sheet, light, w * chance.of([0.14, 0.84]), ground - (build === "detached" ? 56 : 118), 1);
  const far = sheet.pen(light.far);
  if (build === "detached" || build === "carriage") {
    for (let x = -10; x < w + 20; x += 34) far.oval(x, ground - 28, chance.between(26, 40), chance.between(28, 52));
    far.rect(0, ground - 30, w, 34);
    return;
  }
  for (let x = -6; x < w; x += 30) {
    const tall = chance.between(80, 140);
    far.rect(x, ground - tall, chance.between(24, 34), tall);
    if (chance.often(0.4)) far.poly([x, ground - tall + 1], [x + 13, ground - tall - 16], [x + 26, ground - tall + 1]);
  }
}

function drawRow(sheet: Sheet, light: Light, chance: Chance, ground: number, build: Build): void {
  const [hero, beside] = WIDTHS[build];
  const neighbor: Build = build === "basement" || build === "hotel" || build === "loft" ? "rowHouse" : build;
  const start = (sheet.w - hero) / 2;
  const w = build === "tower" ? beside * 0.8 : beside;
  const gap = build === "tower" ? 16 : 0;
  const turn = chance.whole(0, 11);
  const one = (x: number) =>
    DRAW[neighbor === "block" ? "rowHouse" : neighbor]({ sheet, light, chance, x, w, ground, distance: 0.34, turn });
  for (let x = start - w - gap; x > -w; x -= w + gap) one(x);
  for (let x = start + hero + gap; x < sheet.w; x += w + gap) one(x);
}

function drawFore(sheet: Sheet, light: Light, chance: Chance, ground: number, build: Build): void {
  const middle = sheet.w / 2;
  const half = WIDTHS[build][0] / 2;
  if (build === "detached" || build === "carriage") {
    const tall = chance.between(160, 195);
    drawTree(sheet, light, chance, middle - half - chance.between(22, 40), ground + 12, tall);
    if (chance.often(0.9))
      drawTree(sheet, light, chance, middle + half + chance.between(26, 52), ground + 14, tall * 0.8);
    return;
  }
  if (build === "tower" && chance.often(0.6)) {
    sheet.pen(light.path).rect(0, ground, sheet.w, 12);
    drawWater(sheet, light, chance, ground + 12);
  } else drawStreet(sheet, light, chance, ground);
  const tall = chance.between(100, 132);
  drawTree(sheet, light, chance, middle - half - chance.between(26, 46), ground + 9, tall);
  if (chance.often(0.55))
    drawTree(sheet, light, chance, middle + half + chance.between(30, 60), ground + 10, tall * 0.86);
  if (isDark(light) || chance.often(0.5)) drawLamp(sheet, light, middle + half + 12, ground + 9);
  if (chance.often(0.3)) {
    drawBicycle(sheet, light, middle - half * 0.72, ground + 8, chance.of(["#ff7a45", "#0b5f4c", "#f5b81f"]));
  }
}
