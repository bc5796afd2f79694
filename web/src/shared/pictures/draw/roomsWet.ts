import { darker, lighter } from "./color";
import { drawPlant, drawView, type Decor } from "./room";

/** A kitchen: a run of cabinets under the window, tiles, pots, fruit, stools at the counter. */
export function drawKitchen(decor: Decor): void {
  const { sheet, chance, base, cloth, accent, wood, wall, light } = decor;
  const { w } = sheet;
  const middle = w / 2;
  const top = base - 84;
  const tiles = sheet.pen(lighter(wall, 0.6));
  tiles.rect(0, top - 62, w, 62);
  const joints = sheet.pen(darker(lighter(wall, 0.6), 0.12));
  for (let row = 0; row < 5; row += 1) {
    joints.rect(0, top - 62 + row * 12.4, w, 1);
    for (let x = (row % 2) * 13; x < w; x += 26) joints.rect(x, top - 62 + row * 12.4, 1, 12.4);
  }
  const windowX = middle + chance.of([-130, -40, 20]);
  drawView(decor, windowX, 26, 108, 92);
  for (const at of [middle - 196, middle + 140]) drawCupboard(decor, at, 18);
  const range = windowX > middle - 60 ? middle - 128 : middle + 44;
  drawHood(decor, range);
  const front = sheet.pen(cloth);
  front.rect(0, top + 8, w, base - top - 2);
  sheet.pen(darker(cloth, 0.5)).rect(0, base + 6, w, 8);
  const doors = sheet.pen(lighter(cloth, 0.13));
  for (let x = middle - 240; x < w; x += 60)
    doors.plate(x + 4, top + 16, 52, 14, 2).plate(x + 4, top + 35, 52, base - top - 34, 2);
  const knobs = sheet.pen(light.lamp);
  for (let x = middle - 240; x < w; x += 60) knobs.plate(x + 24, top + 21, 12, 3, 1.5).circle(x + 50, top + 50, 2.2);
  drawOven(decor, range, top);
  sheet.pen(lighter(wood, 0.35)).rect(0, top, w, 9);
  const tap = sheet.line("#5c6f73", 3);
  tap.path(`M${windowX + 54} ${top}v-22a9 9 0 0 1 18 0v4`);
  drawGoods(decor, top, windowX - 30 > range + 60 || windowX < range ? windowX - 22 : windowX + 132);
  for (const at of [middle - 62, middle + 58]) drawStool(decor, at, accent, wood);
  for (const at of [middle - 30, middle + 46]) drawPendant(decor, at);
}

/** A bathroom: a tub with feet, tiles to half the height, a round mirror over the basin. */
export function drawBath(decor: Decor): void {
  const { sheet, chance, base, cloth, accent, wood, wall, light } = decor;
  const { w } = sheet;
  const middle = w / 2;
  sheet.pen(lighter(cloth, 0.28)).rect(0, base - 96, w, 96);
  const joints = sheet.pen(lighter(cloth, 0.12));
  for (let y = base - 96; y < base; y += 16) joints.rect(0, y, w, 1);
  for (let x = 6; x < w; x += 16) joints.rect(x, base - 96, 1, 96);
  sheet
    .pen("#fdf8ec")
    .rect(0, base - 100, w, 5)
    .rect(0, base - 7, w, 7);
  const checks = sheet.pen(lighter(wall, 0.6));
  sheet.pen(darker(cloth, 0.2)).rect(0, base, w, 90);
  for (let row = 0; row < 3; row += 1)
    for (let x = (row % 2) * 34; x < w; x += 68)
      checks.poly(
        [x, base + row * 26],
        [x + 34, base + row * 26],
        [x + 28, base + (row + 1) * 26],
        [x - 6, base + (row + 1) * 26],
      );
  const flip = chance.often(0.5) ? 1 : -1;
  drawView(decor, middle - 48 + flip * -64, 26, 96, 84);
  drawTub(decor, middle + flip * -62, base + 30);
  const x = middle + flip * 108;
  sheet.pen(light.lamp).circle(x, base - 122, 36);
  sheet.pen(lighter(light.sky[2], 0.3)).circle(x, base - 122, 31);
  sheet.pen("#ffffff", 0.5).poly([x - 18, base - 108], [x + 8, base - 146], [x + 14, base - 142], [x - 12, base - 102]);
  sheet.pen(wood).rect(x - 44, base - 52, 88, 58);
  sheet
    .pen(darker(wood, 0.2))
    .rect(x - 40, base - 44, 38, 44)
    .rect(x + 2, base - 44, 38, 44);
  sheet.pen("#fdf8ec").plate(x - 48, base - 62, 96, 11, 5);
  sheet.pen("#ffffff").path(`M${x - 26} ${base - 62}q26 26 52 0z`);
  sheet.line("#b98b4a", 3).path(`M${x} ${base - 62}v-14a7 7 0 0 1 14 0v3`);
  sheet.pen(accent).plate(x - 40, base - 78, 9, 16, 3);
  sheet
    .pen(lighter(accent, 0.25))
    .plate(x + 26, base - 72, 14, 5, 2)
    .plate(x + 25, base - 67, 16, 5, 2);
  sheet.pen(lighter(accent, 0.1)).oval(middle + flip * -58, base + 60, 82, 11);
  drawPlant(decor, middle + flip * 36, base + 24, 62, "#f3e6cf");
}

function drawCupboard({ sheet, cloth, light }: Decor, x: number, y: number): void {
  sheet.pen(cloth).rect(x, y, 56, 74);
  sheet
    .pen(lighter(cloth, 0.13))
    .plate(x + 4, y + 5, 22, 64, 2)
    .plate(x + 30, y + 5, 22, 64, 2);
  sheet
    .pen(light.lamp)
    .circle(x + 23, y + 60, 2)
    .circle(x + 33, y + 60, 2);
}

function drawHood({ sheet }: Decor, x: number): void {
  sheet
    .pen("#c9d2cf")
    .rect(x + 24, 0, 30, 50)
    .poly([x + 20, 50], [x + 58, 50], [x + 82, 78], [x - 4, 78]);
  sheet.pen("#9fadaa").rect(x - 4, 78, 86, 6);
}

function drawOven({ sheet, light, accent }: Decor, x: number, top: number): void {
  sheet.pen("#33474a").rect(x, top + 8, 78, 92);
  sheet.pen(light.lit > 0.2 ? light.lamp : "#6c8487").plate(x + 10, top + 42, 58, 38, 4);
  sheet
    .pen("#d8dfdb")
    .rect(x + 10, top + 34, 58, 3)
    .circle(x + 16, top + 20, 4)
    .circle(x + 32, top + 20, 4)
    .circle(x + 48, top + 20, 4)
    .circle(x + 64, top + 20, 4);
  sheet.pen(accent).plate(x + 8, top - 22, 36, 22, 4);
  sheet
    .pen(darker(accent, 0.2))
    .rect(x + 5, top - 24, 42, 4)
    .rect(x + 23, top - 29, 6, 5);
  const steam = sheet.line("#ffffff", 2, 0.6);
  steam.path(`M${x + 18} ${top - 34}q-5 -7 0 -13t0 -13`).path(`M${x + 32} ${top - 36}q-5 -7 0 -13t0 -13`);
}

function drawGoods({ sheet, accent, wood }: Decor, top: number, x: number): void {
  sheet
    .pen(darker(wood, 0.1))
    .plate(x - 20, top - 34, 5, 34, 2)
    .plate(x - 13, top - 28, 16, 28, 3);
  sheet
    .pen("#f5b81f")
    .circle(x + 16, top - 10, 7)
    .circle(x + 34, top - 9, 6.5);
  sheet.pen("#e8794a").circle(x + 26, top - 13, 7);
  sheet.pen(accent).path(`M${x + 4} ${top - 10}h42q-3 10 -13 10h-16q-10 0 -13 -10z`);
}

function drawStool({ sheet, base }: Decor, x: number, seat: string, wood: string): void {
  const leg = sheet.line(darker(wood, 0.2), 3.4);
  leg
    .through([x - 14, base + 2], [x - 21, base + 66])
    .through([x + 14, base + 2], [x + 21, base + 66])
    .through([x - 18, base + 40], [x + 18, base + 40]);
  sheet.pen(seat).plate(x - 22, base - 6, 44, 11, 5.5);
}

function drawPendant({ sheet, light, accent }: Decor, x: number): void {
  sheet.line("#33474a", 1.4).through([x, 0], [x, 30]);
  if (light.lit > 0.2) sheet.pen(light.lamp, 0.22).circle(x, 46, 30);
  sheet.pen(accent).dome(x, 46, 17, 18);
  sheet.pen(light.lamp).dome(x, 46, 6, -4).oval(x, 47, 7, 4);
}

function drawTub({ sheet }: Decor, x: number, foot: number): void {
  sheet
    .pen("#b98b4a")
    .circle(x - 52, foot - 3, 6)
    .circle(x + 52, foot - 3, 6);
  sheet.pen("#ffffff").path(`M${x - 88} ${foot - 66}h176q-4 62 -44 62h-88q-40 0 -44 -62z`);
  sheet.pen("#e3ece9").path(`M${x + 20} ${foot - 4}h24q40 0 44 -62h-26q-4 56 -42 62z`);
  sheet.pen("#ffffff").plate(x - 96, foot - 73, 192, 10, 5);
  const bubbles = sheet.pen("#f4faf8");
  for (let at = -60; at < 64; at += 15) bubbles.circle(x + at, foot - 74, 8 + (Math.abs(at) % 4));
  sheet.line("#b98b4a", 3.4).path(`M${x + 80} ${foot - 70}v-34q0 -11 -12 -11h-8v8`);
  sheet.pen("#e8794a").poly([x - 74, foot - 74], [x - 48, foot - 74], [x - 50, foot - 34], [x - 76, foot - 34]);
}
