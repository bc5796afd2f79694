import { darker, lighter } from "./color";
import { haze, shade, type Light } from "./light";
import type { Sheet } from "./sheet";

type Draw = (sheet: Sheet, light: Light, x: number, base: number) => void;

/** What a city is known by from afar, by a part of its name in lower case. */
export const LANDMARKS: Readonly<Record<string, Draw>> = {
  washington: (sheet, light, x, base) => {
    const stone = shade(light, "#fbf1dc");
    const shadow = shade(light, "#cdbf9f");
    const dome = x - 62;
    sheet
      .pen(stone)
      .rect(dome - 92, base - 40, 184, 40)
      .rect(dome - 42, base - 62, 84, 24)
      .rect(dome - 27, base - 88, 54, 28);
    sheet
      .pen(stone)
      .dome(dome, base - 86, 29, 40)
      .rect(dome - 6, base - 138, 12, 16)
      .poly([dome - 6, base - 137], [dome, base - 156], [dome + 6, base - 137]);
    const columns = sheet.pen(shadow);
    for (let at = -86; at < 88; at += 9) columns.rect(dome + at, base - 33, 3, 28);
    for (let at = -24; at < 26; at += 7) columns.rect(dome + at, base - 84, 2.6, 20);
    columns
      .rect(dome - 29, base - 90, 58, 3)
      .rect(dome - 44, base - 64, 88, 3)
      .rect(dome - 94, base - 42, 188, 3);
    const ribs = sheet.line(shadow, 1.6);
    for (const bend of [-17, 0, 17])
      ribs.path(`M${dome + bend} ${base - 90}Q${dome + bend * 0.9} ${base - 116} ${dome} ${base - 126}`);
    const tall = x + 92;
    sheet
      .pen(stone)
      .poly([tall - 9, base], [tall - 6, base - 164], [tall, base - 176], [tall + 6, base - 164], [tall + 9, base]);
    sheet.pen(shadow).poly([tall, base], [tall, base - 176], [tall + 6, base - 164], [tall + 9, base]);
  },
  "new york": (sheet, light, x, base) => {
    const stone = shade(light, "#e9d3a8");
    const dark = shade(light, "#9c7b55");
    sheet
      .pen(stone)
      .rect(x - 34, base - 92, 68, 92)
      .rect(x - 26, base - 142, 52, 52)
      .rect(x - 18, base - 168, 36, 28)
      .rect(x - 10, base - 182, 20, 16)
      .rect(x - 2, base - 214, 4, 34);
    const lines = sheet.pen(dark);
    for (let at = -28; at < 30; at += 8) lines.rect(x + at, base - 86, 3, 80);
    for (let at = -20; at < 22; at += 8) lines.rect(x + at, base - 138, 3, 44);
    const green = shade(light, "#6f9c8a");
    const lady = x + 132;
    sheet
      .pen(shade(light, "#c9b48c"))
      .poly([lady - 16, base], [lady - 11, base - 38], [lady + 11, base - 38], [lady + 16, base]);
    sheet
      .pen(green)
      .poly([lady - 9, base - 38], [lady - 5, base - 76], [lady + 5, base - 76], [lady + 9, base - 38])
      .circle(lady, base - 81, 5)
      .poly([lady + 3, base - 74], [lady + 9, base - 96], [lady + 12, base - 95], [lady + 7, base - 72]);
    sheet.pen(light.lamp).circle(lady + 11, base - 98, 3.4);
    const other = x - 118;
    sheet
      .pen(haze(light, "#7fa3ab", 0.2))
      .poly(
        [other - 20, base],
        [other - 12, base - 150],
        [other, base - 186],
        [other + 12, base - 150],
        [other + 20, base],
      );
    sheet
      .pen(darker(shade(light, "#5f8791"), 0.05))
      .poly([other, base], [other, base - 186], [other + 12, base - 150], [other + 20, base]);
  },
  chicago: (sheet, light, x, base) => {
    const steel = shade(light, "#2c3f49");
    const bright = shade(light, "#4d6672");
    const tower = x - 30;
    sheet
      .pen(steel)
      .rect(tower - 30, base - 110, 60, 110)
      .rect(tower - 20, base - 158, 40, 50)
      .rect(tower - 10, base - 184, 20, 28)
      .rect(tower - 7, base - 212, 2.4, 30)
      .rect(tower + 5, base - 206, 2.4, 24);
    sheet
      .pen(bright)
      .rect(tower - 30, base - 112, 60, 4)
      .rect(tower - 20, base - 160, 40, 4)
      .rect(tower - 28, base - 60, 56, 3);
    const taper = x + 70;
    sheet.pen(bright).poly([taper - 28, base], [taper - 18, base - 156], [taper + 18, base - 156], [taper + 28, base]);
    const braces = sheet.line(steel, 2.2);
    for (let at = 0; at < 4; at += 1)
      braces
        .through([taper - 27 + at * 2.6, base - at * 39], [taper + 23 - at * 2.4, base - (at + 1) * 39])
        .through([taper + 27 - at * 2.6, base - at * 39], [taper - 23 + at * 2.4, base - (at + 1) * 39]);
    sheet
      .line(steel, 2.4)
      .through([taper - 8, base - 156], [taper - 8, base - 186])
      .through([taper + 8, base - 156], [taper + 8, base - 182]);
    sheet.pen(shade(light, "#b9c9cc")).path(`M${x - 146} ${base}q4 -30 34 -30t34 30h-12q-6 -14 -22 -14t-22 14z`);
  },
  "san francisco": (sheet, light, x, base) => {
    const red = shade(light, "#d1492e");
    const cable = sheet.line(red, 2.2);
    const left = x - 88;
    const right = x + 88;
    const pen = sheet.pen(red);
    for (const tower of [left, right]) {
      pen.rect(tower - 8, base - 150, 5, 158).rect(tower + 3, base - 150, 5, 158);
      for (const y of [148, 116, 84, 48]) pen.rect(tower - 8, base - y, 16, 6);
    }
    const { w } = sheet;
    cable.path(
      `M-20 ${base - 44}Q${left * 0.45} ${base - 70} ${left} ${base - 148}Q${x} ${base - 20} ${right} ${base - 148}Q${w - (w - right) * 0.45} ${base - 70} ${w + 20} ${base - 44}`,
    );
    const hangers = sheet.line(red, 1);
    for (let at = left + 12; at < right; at += 12) {
      const share = (at - x) / 88;
      hangers.through([at, base - 84 - 64 * share * share], [at, base - 34]);
    }
    sheet.pen(darker(red, 0.12)).rect(0, base - 36, w, 6);
    const pier = sheet.pen(shade(light, "#8f8a7c"));
    pier.rect(left - 13, base - 4, 26, 12).rect(right - 13, base - 4, 26, 12);
  },
  paris: (sheet, light, x, base) => {
    const iron = shade(light, "#7a5a45");
    sheet
      .pen(iron)
      .path(
        `M${x - 58} ${base}Q${x - 14} ${base - 70} ${x - 4} ${base - 186}H${x + 4}Q${x + 14} ${base - 70} ${x + 58} ${base}H${x + 34}Q${x} ${base - 62} ${x - 34} ${base}z`,
      );
    sheet
      .pen(darker(iron, 0.25))
      .rect(x - 32, base - 56, 64, 6)
      .rect(x - 19, base - 104, 38, 5)
      .rect(x - 7, base - 176, 14, 4)
      .rect(x - 1, base - 206, 2, 24);
    const lattice = sheet.line(lighter(iron, 0.25), 1.4);
    for (let y = 64; y < 170; y += 14) {
      const half = 20 - y * 0.1;
      lattice
        .through([x - half, base - y], [x + half - 1, base - y - 13])
        .through([x + half, base - y], [x - half + 1, base - y - 13]);
    }
  },
  london: (sheet, light, x, base) => {
    const stone = shade(light, "#d9b274");
    sheet
      .pen(stone)
      .rect(x - 124, base - 46, 248, 46)
      .rect(x + 50, base - 132, 26, 132)
      .poly([x + 48, base - 132], [x + 63, base - 178], [x + 78, base - 132]);
    const dark = sheet.pen(shade(light, "#8f6f42"));
    for (let at = -118; at < 46; at += 11) dark.arch(x + at, base - 36, 5, 28);
    for (let at = -124; at < 50; at += 22)
      dark.poly([x + at, base - 46], [x + at + 3, base - 60], [x + at + 6, base - 46]);
    sheet.pen("#fffaf0").circle(x + 63, base - 116, 10);
    sheet.line(shade(light, "#23414a"), 1.6).through([x + 63, base - 123], [x + 63, base - 116], [x + 68, base - 113]);
    const wheel = sheet.line(shade(light, "#f3ead6"), 2.4);
    wheel.path(`M${x - 190} ${base - 62}a52 52 0 0 1 104 0a52 52 0 0 1 -104 0z`);
    for (const turn of [0, 0.52, 1.05, 1.57, 2.09, 2.62])
      wheel.through(
        [x - 138 - Math.cos(turn) * 52, base - 62 - Math.sin(turn) * 52],
        [x - 138 + Math.cos(turn) * 52, base - 62 + Math.sin(turn) * 52],
      );
  },
  seattle: (sheet, light, x, base) => {
    const white = shade(light, "#f7efdd");
    const leg = sheet.line(white, 4);
    leg
      .path(`M${x - 24} ${base}Q${x - 4} ${base - 60} ${x - 7} ${base - 134}`)
      .path(`M${x + 24} ${base}Q${x + 4} ${base - 60} ${x + 7} ${base - 134}`)
      .through([x, base], [x, base - 140]);
    sheet
      .pen(white)
      .oval(x, base - 140, 40, 8)
      .dome(x, base - 145, 24, 14)
      .rect(x - 1, base - 198, 2, 42);
    sheet
      .pen(shade(light, "#ff7a45"))
      .rect(x - 30, base - 146, 60, 4)
      .oval(x, base - 158, 10, 3);
  },
  rome: (sheet, light, x, base) => {
    const stone = shade(light, "#dfa66c");
    sheet
      .pen(stone)
      .path(
        `M${x - 130} ${base}V${base - 92}Q${x - 30} ${base - 128} ${x + 60} ${base - 100}V${base - 66}H${x + 130}V${base}z`,
      );
    const hole = sheet.pen(shade(light, "#6b4433"));
    for (let row = 0; row < 3; row += 1)
      for (let at = -118; at < (row === 2 ? 44 : 118); at += 24) hole.arch(x + at, base - 26 - row * 31, 13, 22);
  },
  sydney: (sheet, light, x, base) => {
    const arch = sheet.line(shade(light, "#4d5f68"), 5);
    arch
      .path(`M${x - 190} ${base}Q${x - 90} ${base - 130} ${x + 10} ${base}`)
      .path(`M${x - 190} ${base - 22}H${x + 10}`);
    const shell = sheet.pen(shade(light, "#fffaf0"));
    for (const [dx, size] of [
      [20, 66],
      [58, 84],
      [98, 62],
      [130, 44],
    ] as const)
      shell.path(
        `M${x + dx} ${base}Q${x + dx - 8} ${base - size * 0.9} ${x + dx + size * 0.52} ${base - size}Q${x + dx + size * 0.58} ${base - size * 0.3} ${x + dx + size * 0.4} ${base}z`,
      );
    sheet.pen(shade(light, "#c9b48c")).rect(x + 10, base - 6, 158, 8);
  },
};
