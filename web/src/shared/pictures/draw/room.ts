import { drawBath, drawKitchen } from "./roomsWet";
import { drawBedroom, drawLiving } from "./roomsDry";
import { darker, lighter } from "./color";
import { lightOf, type Light } from "./light";
import { drawTree } from "./plants";
import { drawHome } from "./home";
import { Chance } from "./random";
import type { Sheet } from "./sheet";
import { drawCapital } from "./street";

/** The colors of a flat: one for its walls, one for its woods, two for cloth. */
export interface Decor {
  sheet: Sheet;
  chance: Chance;
  light: Light;
  wall: string;
  floor: string;
  wood: string;
  cloth: string;
  accent: string;
  /** Where wall and floor meet. */
  base: number;
  place: string;
}

const DECORS: readonly [
  readonly [string, string, string, string, string],
  ...(readonly [string, string, string, string, string])[],
] = [
  ["#dfe9df", "#c99b6b", "#8a5a3a", "#0f6a57", "#f08a5d"],
  ["#f3e3c8", "#b9825a", "#6b4630", "#c9553a", "#2f6f63"],
  ["#c8d9dc", "#d3b083", "#7a5740", "#2f5a73", "#efb23f"],
  ["#efd2c2", "#a9805f", "#5f4433", "#7c4a5e", "#f5c561"],
  ["#2f5f57", "#caa074", "#7d5338", "#e8b24a", "#f3e6cf"],
  ["#e9dfd0", "#8f6a4e", "#4e3a30", "#5f8a78", "#d9713f"],
  ["#3c566b", "#c69e74", "#80583e", "#d9795a", "#f2e3c6"],
  ["#e6c98a", "#b28a63", "#66472f", "#1f5f66", "#fff3dc"],
];

/** A room of a home: `living`, `bedroom`, `kitchen`, `bath`; `street` is its front in another light. All rooms of a home share their colors. */
export function drawRoom(sheet: Sheet, seed: string, variant: string, place: string): void {
  if (variant === "street") {
    drawHome(sheet, `${seed} street`, "townhouse", place);
    return;
  }
  const own = new Chance(`decor ${seed}`);
  const light = lightOf(own);
  const [wall, floor, wood, cloth, accent] = own.of(DECORS);
  const decor: Decor = {
    sheet,
    light,
    chance: new Chance(`${variant} ${seed}`),
    wall,
    floor,
    wood,
    cloth,
    accent,
    base: 222,
    place,
  };
  drawShell(decor);
  if (variant.includes("bed")) drawBedroom(decor);
  else if (variant.includes("kitchen")) drawKitchen(decor);
  else if (variant.includes("bath")) drawBath(decor);
  else drawLiving(decor);
}

function drawShell({ sheet, wall, floor, base }: Decor): void {
  const { w, h } = sheet;
  sheet.pen(wall).rect(0, 0, w, base);
  sheet.pen(lighter(wall, 0.14)).rect(0, 0, w, 12);
  sheet.pen(floor).rect(0, base, w, h - base);
  const boards = sheet.pen(darker(floor, 0.14));
  for (let at = 1; at < 5; at += 1) boards.rect(0, base + at * at * 4.6, w, 1.1);
  for (let x = 16; x < w; x += 58) boards.rect(x, base + 4.6, 1.1, 13.8).rect(x + 30, base + 18.4, 1.1, 23);
  sheet.pen(lighter(wall, 0.4)).rect(0, base - 8, w, 8);
}

/** A window and what is seen through it: sky, roofs, now and then a tree or the dome. */
export function drawView(decor: Decor, x: number, y: number, w: number, h: number): void {
  const { sheet, light, chance, wall } = decor;
  const frame = lighter(wall, 0.72);
  sheet.pen(darker(wall, 0.16)).rect(x - 7, y - 5, w + 16, h + 13);
  sheet.pen(frame).rect(x - 7, y - 7, w + 14, h + 13);
  sheet.pen(light.sky[1]).rect(x, y, w, h);
  sheet.pen(light.sky[2]).rect(x, y + h * 0.45, w, h * 0.55);
  sheet.pen(light.sun).circle(x + w * 0.72, y + h * 0.26, Math.min(w, h) * 0.09);
  if (chance.often(0.35) && w > 70) drawCapital(sheet, light, x + w * 0.34, y + h * 0.78, Math.min(1, w / 120));
  const roofs = sheet.pen(light.far);
  for (let at = 0; at < w - 6; at += 16) {
    const tall = chance.between(0.14, 0.34) * h;
    roofs.rect(x + at, y + h - tall, Math.min(17, w - at), tall);
    if (chance.often(0.4) && at + 16 < w)
      roofs.poly([x + at, y + h - tall + 0.5], [x + at + 8, y + h - tall - 8], [x + at + 16, y + h - tall + 0.5]);
  }
  if (chance.often(0.6)) {
    const r = Math.min(w * 0.2, h * 0.22);
    sheet
      .pen(light.leaves[0])
      .circle(x + r, y + h - r * 0.8, r)
      .circle(x + r * 1.9, y + h - r * 0.5, r * 0.7 > h ? h : r * 0.5);
    sheet.pen(light.leaves[1]).circle(x + r * 0.9, y + h - r, r * 0.7);
  }
  const bars = sheet.pen(frame);
  bars
    .rect(x + w / 2 - 1.6, y, 3.2, h)
    .rect(x, y + h * 0.46, w, 3.2)
    .rect(x - 11, y + h + 4, w + 22, 5);
}

/** Curtains drawn back on both sides of a window. */
export function drawCurtains(
  { sheet, accent }: Decor,
  x: number,
  y: number,
  w: number,
  foot: number,
  color = accent,
): void {
  sheet.line(darker(color, 0.5), 2.6).through([x - 30, y - 14], [x + w + 30, y - 14]);
  const cloth = sheet.pen(color);
  cloth.path(`M${x - 26} ${y - 13}H${x + 8}Q${x + 4} ${(y + foot) / 2} ${x - 12} ${foot}H${x - 28}z`);
  cloth.path(
    `M${x + w - 8} ${y - 13}H${x + w + 26}L${x + w + 28} ${foot}H${x + w + 12}Q${x + w - 4} ${(y + foot) / 2} ${x + w - 8} ${y - 13}z`,
  );
  const folds = sheet.line(darker(color, 0.16), 1.6);
  folds.through([x - 18, y - 10], [x - 21, foot - 2]).through([x - 9, y - 10], [x - 16, foot - 2]);
  folds.through([x + w + 18, y - 10], [x + w + 21, foot - 2]).through([x + w + 9, y - 10], [x + w + 16, foot - 2]);
}

/** A plant in a pot, as tall as it has grown. */
export function drawPlant({ sheet, light, chance }: Decor, x: number, foot: number, tall: number, pot: string): void {
  const green = light.hour === "snow" ? "#2a7a5c" : "#1f6b52";
  const leaf = sheet.pen(green);
  const bright = sheet.pen(lighter(green, 0.22));
  const isTree = chance.often(0.4);
  if (isTree) {
    drawTree(
      sheet,
      { ...light, depth: 0, leaves: ["#1f6b52", "#3d8f5f", "#7cb26a"], hour: "noon" },
      chance,
      x,
      foot,
      tall,
    );
    return;
  }
  for (let at = -3; at <= 3; at += 1) {
    const reach = at * tall * 0.13;
    const top = foot - tall + Math.abs(at) * tall * 0.13;
    const bend = `M${x} ${foot - 12}Q${x + reach * 0.2 - 7} ${(top + foot) / 2 - 8} ${x + reach} ${top}Q${x + reach * 0.6 + 7} ${(top + foot) / 2} ${x} ${foot - 12}z`;
    (at % 2 === 0 ? leaf : bright).path(bend);
  }
  sheet.pen(pot).poly([x - 11, foot - 18], [x + 11, foot - 18], [x + 8, foot], [x - 8, foot]);
  sheet.pen(darker(pot, 0.18)).rect(x - 12, foot - 20, 24, 4);
}

/** A framed print: abstract, of a few shapes. */
export function drawPrint(
  { sheet, chance, wall, cloth, accent }: Decor,
  x: number,
  y: number,
  w: number,
  h: number,
): void {
  sheet.pen(darker(wall, 0.35)).rect(x - 2, y - 2, w + 4, h + 4);
  sheet.pen("#fbf5e6").rect(x, y, w, h);
  const kind = chance.whole(0, 2);
  const a = sheet.pen(cloth);
  const b = sheet.pen(accent === "#f3e6cf" || accent === "#f2e3c6" || accent === "#fff3dc" ? "#e8794a" : accent);
  if (kind === 0) {
    b.circle(x + w * 0.5, y + h * 0.38, w * 0.22);
    a.path(
      `M${x + 4} ${y + h - 4}V${y + h * 0.66}Q${x + w * 0.3} ${y + h * 0.46} ${x + w * 0.55} ${y + h * 0.68}T${x + w - 4} ${y + h * 0.62}V${y + h - 4}z`,
    );
  } else if (kind === 1) {
    a.dome(x + w * 0.4, y + h * 0.8, w * 0.26, h * 0.5);
    b.dome(x + w * 0.62, y + h * 0.8, w * 0.22, h * 0.3);
  } else {
    a.rect(x + w * 0.18, y + h * 0.16, w * 0.3, h * 0.66);
    b.circle(x + w * 0.6, y + h * 0.44, w * 0.2);
  }
}
