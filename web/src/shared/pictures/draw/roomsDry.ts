import { darker, lighter } from "./color";
import { drawCurtains, drawPlant, drawPrint, drawView, type Decor } from "./room";

/** A living room: a sofa before the window, a lamp, a rug, a low table. */
export function drawLiving(decor: Decor): void {
  const { sheet, chance, base, cloth, accent, wood } = decor;
  const { w } = sheet;
  const middle = w / 2;
  const isLeft = chance.often(0.5);
  const windowX = isLeft ? middle - 150 : middle + 20;
  drawView(decor, windowX, 42, 130, 96);
  if (chance.often(0.7)) drawCurtains(decor, windowX, 42, 130, base - 4, lighter(accent, 0.25));
  const wallX = isLeft ? middle + 40 : middle - 150;
  if (chance.often(0.5)) {
    drawPrint(decor, wallX + 10, 52, 50, 66);
    drawPrint(decor, wallX + 72, 62, 38, 46);
  } else drawShelf(decor, wallX, 56, 112);
  sheet.pen(lighter(accent, 0.3)).oval(middle, base + 44, 150, 24);
  sheet.pen(darker(accent, 0.05)).oval(middle, base + 44, 128, 18);
  sheet.pen(lighter(accent, 0.3)).oval(middle, base + 44, 108, 14);
  drawSofa(decor, middle - 92, base + 22, 184);
  const table = sheet.pen(wood);
  table
    .plate(middle - 50, base + 32, 100, 7, 3.5)
    .poly([middle - 42, base + 38], [middle - 37, base + 38], [middle - 42, base + 60], [middle - 45, base + 60]);
  table.poly([middle + 37, base + 38], [middle + 42, base + 38], [middle + 45, base + 60], [middle + 42, base + 60]);
  sheet.pen("#fbf5e6").rect(middle - 26, base + 28, 26, 4);
  sheet.pen(cloth).rect(middle - 23, base + 24.5, 22, 3.6);
  sheet.pen(accent).plate(middle + 14, base + 22, 9, 10, 3);
  drawFloorLamp(decor, isLeft ? middle + 122 : middle - 122, base + 20);
  drawPlant(decor, isLeft ? middle - 132 : middle + 132, base + 30, 92, "#c4714d");
}

/** A bedroom: the bed from its foot, two lamps, the window beside it. */
export function drawBedroom(decor: Decor): void {
  const { sheet, chance, base, cloth, accent, wood, wall } = decor;
  const { w } = sheet;
  const middle = w / 2 + (chance.often(0.5) ? -22 : 22);
  const side = middle < w / 2 ? 1 : -1;
  const windowX = side > 0 ? middle + 108 : middle - 190;
  drawView(decor, windowX, 46, 82, 110);
  drawCurtains(decor, windowX, 46, 82, base - 4, lighter(cloth, 0.45));
  if (chance.often(0.65)) drawPrint(decor, middle - 46, 40, 92, 50);
  else {
    drawPrint(decor, middle - 60, 44, 40, 50);
    drawPrint(decor, middle + 18, 44, 40, 50);
  }
  sheet.pen(darker(accent, 0.12)).oval(middle, base + 56, 150, 18);
  const head = sheet.pen(wood);
  if (chance.often(0.5)) head.plate(middle - 88, base - 98, 176, 110, 20);
  else head.arch(middle - 88, base - 112, 176, 120, 60);
  sheet.pen("#fdf8ec").plate(middle - 84, base - 50, 168, 60, 12);
  const pillows = sheet.pen(lighter(wall, 0.55));
  pillows.plate(middle - 74, base - 68, 64, 36, 14).plate(middle + 10, base - 68, 64, 36, 14);
  sheet
    .pen(accent)
    .plate(middle - 50, base - 56, 42, 30, 11)
    .plate(middle + 8, base - 56, 42, 30, 11);
  sheet
    .pen(cloth)
    .path(
      `M${middle - 92} ${base - 26}Q${middle} ${base - 42} ${middle + 92} ${base - 26}L${middle + 98} ${base + 52}H${middle - 98}z`,
    );
  sheet
    .pen(lighter(cloth, 0.2))
    .path(
      `M${middle - 92} ${base - 26}Q${middle} ${base - 42} ${middle + 92} ${base - 26}L${middle + 93} ${base - 12}Q${middle} ${base - 28} ${middle - 93} ${base - 12}z`,
    );
  const stitch = sheet.line(darker(cloth, 0.16), 1.6);
  for (const share of [-0.6, -0.2, 0.2, 0.6])
    stitch.through([middle + share * 86, base - 16], [middle + share * 96, base + 50]);
  const throwX = middle + side * -60;
  sheet
    .pen(lighter(accent, 0.2))
    .poly([throwX - 20, base - 20], [throwX + 26, base - 22], [throwX + 30, base + 53], [throwX - 24, base + 53]);
  const fringe = sheet.line(darker(accent, 0.1), 1.8);
  for (let at = -20; at < 30; at += 9) fringe.through([throwX + at, base + 10], [throwX + at - 1, base + 46]);
  for (const at of [middle - 122, middle + 122]) drawNightTable(decor, at);
}

function drawSofa({ sheet, chance, cloth, accent }: Decor, x: number, foot: number, w: number): void {
  const back = darker(cloth, 0.1);
  sheet
    .pen(darker(cloth, 0.5))
    .rect(x + 14, foot - 6, 5, 12)
    .rect(x + w - 19, foot - 6, 5, 12);
  sheet.pen(back).plate(x + 8, foot - 70, w - 16, 66, 14);
  sheet
    .pen(cloth)
    .plate(x + 20, foot - 38, w / 2 - 21, 26, 8)
    .plate(x + w / 2 + 1, foot - 38, w / 2 - 21, 26, 8);
  sheet.pen(darker(cloth, 0.2)).rect(x + 12, foot - 16, w - 24, 14);
  sheet
    .pen(lighter(cloth, 0.08))
    .plate(x, foot - 48, 24, 48, 11)
    .plate(x + w - 24, foot - 48, 24, 48, 11);
  const cushion = chance.often(0.5) ? "#f7ead0" : lighter(accent, 0.2);
  sheet.pen(accent).poly([x + 30, foot - 38], [x + 36, foot - 64], [x + 64, foot - 60], [x + 58, foot - 36]);
  sheet
    .pen(cushion)
    .poly([x + w - 60, foot - 36], [x + w - 66, foot - 60], [x + w - 38, foot - 65], [x + w - 30, foot - 38]);
}

function drawFloorLamp({ sheet, light, wood, cloth }: Decor, x: number, foot: number): void {
  sheet.line(darker(wood, 0.3), 2.4).through([x, foot], [x, foot - 122]);
  sheet.pen(darker(wood, 0.3)).oval(x, foot, 13, 3.4);
  if (light.lit > 0.2) sheet.pen(light.lamp, 0.25).circle(x, foot - 128, 46);
  sheet
    .pen(light.lit > 0.2 ? light.lamp : lighter(cloth, 0.62))
    .poly([x - 14, foot - 148], [x + 14, foot - 148], [x + 24, foot - 114], [x - 24, foot - 114]);
}

function drawNightTable({ sheet, light, base, wood, accent }: Decor, x: number): void {
  sheet.pen(darker(wood, 0.12)).rect(x - 22, base - 32, 44, 46);
  sheet
    .pen(lighter(wood, 0.12))
    .rect(x - 24, base - 36, 48, 6)
    .rect(x - 18, base - 24, 36, 13);
  sheet.pen(light.lamp).circle(x, base - 17.5, 2);
  if (light.lit > 0.2) sheet.pen(light.lamp, 0.22).circle(x, base - 66, 36);
  sheet.pen(accent).plate(x - 6, base - 54, 12, 18, 5);
  sheet
    .pen(light.lit > 0.2 ? light.lamp : "#fbf3e0")
    .poly([x - 11, base - 80], [x + 11, base - 80], [x + 17, base - 54], [x - 17, base - 54]);
}

function drawShelf({ sheet, chance, base, wood, cloth, accent }: Decor, x: number, top: number, w: number): void {
  sheet.pen(darker(wood, 0.1)).rect(x, top, w, base - top);
  const rows = 4;
  const tall = (base - top) / rows;
  const hole = sheet.pen(darker(wood, 0.4));
  for (let at = 0; at < rows; at += 1) hole.rect(x + 5, top + at * tall + 5, w - 10, tall - 8);
  const tones = [sheet.pen(cloth), sheet.pen(accent), sheet.pen("#efe2c8"), sheet.pen("#b5503a"), sheet.pen("#e0b04a")];
  for (let at = 0; at < rows; at += 1) {
    const shelf = top + (at + 1) * tall - 3;
    for (let book = 8; book < w - 16;) {
      const wide = chance.between(4, 8);
      if (chance.often(0.82))
        tones[chance.whole(0, 4)]
          ?.rect(x + book, shelf - tall * chance.between(0.5, 0.78), wide, tall * 0.5)
          .rect(x + book, shelf - tall * 0.5, wide, tall * 0.5);
      else book += 9;
      book += wide + 0.8;
    }
  }
}
