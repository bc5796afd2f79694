import { mix } from "./color";
import { shade, type Light } from "./light";
import type { Chance } from "./random";
import type { Point, Sheet } from "./sheet";

/** A street tree: a trunk and a crown of three flat tones, or bare boughs with snow. */
export function drawTree(sheet: Sheet, light: Light, chance: Chance, x: number, ground: number, tall: number): void {
  const bark = shade(light, "#5a4336");
  const trunk = sheet.line(bark, tall / 26);
  const fork = ground - tall * 0.42;
  trunk.through([x, ground], [x, fork - tall * 0.12]);
  trunk.through([x, fork + tall * 0.06], [x - tall * 0.13, fork - tall * 0.12]);
  trunk.through([x, fork], [x + tall * 0.13, fork - tall * 0.16]);
  const [deep, middle, bright] = light.leaves;
  const r = tall * 0.2;
  const cy = ground - tall * 0.68;
  const shape = chance.whole(0, 2);
  if (light.hour === "snow") {
    drawBoughs(sheet, light, x, ground, tall);
    return;
  }
  if (shape === 0) {
    sheet.pen(shade(light, deep)).oval(x, cy, r * 1.15, r * 1.6);
    sheet.pen(shade(light, middle)).oval(x - r * 0.18, cy - r * 0.16, r * 0.86, r * 1.3);
    sheet.pen(shade(light, bright)).oval(x - r * 0.42, cy - r * 0.5, r * 0.4, r * 0.66);
    return;
  }
  const spread = shape === 1 ? 1 : 1.2;
  const crown = (pen: ReturnType<Sheet["pen"]>, dx: number, dy: number, share: number) =>
    pen
      .circle(x + dx - r * 0.75 * spread * share, cy + dy + r * 0.35, r * 0.85 * share)
      .circle(x + dx + r * 0.8 * spread * share, cy + dy + r * 0.3, r * 0.8 * share)
      .circle(x + dx, cy + dy - r * 0.45, r * 1.05 * share)
      .circle(x + dx, cy + dy + r * 0.45, r * 0.9 * share);
  crown(sheet.pen(shade(light, deep)), 0, 0, 1);
  crown(sheet.pen(shade(light, middle)), -r * 0.16, -r * 0.18, 0.8);
  sheet
    .pen(shade(light, bright))
    .circle(x - r * 0.5, cy - r * 0.62, r * 0.36)
    .circle(x - r * 0.95, cy + r * 0.08, r * 0.22)
    .circle(x + r * 0.25, cy - r * 0.2, r * 0.2);
}

/** A cypress or a poplar, for gardens. */
export function drawPoplar(sheet: Sheet, light: Light, x: number, ground: number, tall: number): void {
  const [deep, middle] = light.leaves;
  const wide = tall * 0.16;
  const leaf = (side: number) =>
    `M${x} ${ground - tall}Q${x + side * wide * 1.5} ${ground - tall * 0.35} ${x + side * wide * 0.4} ${ground}H${x}z`;
  sheet.pen(shade(light, deep)).path(leaf(1)).path(leaf(-1));
  sheet.pen(shade(light, middle)).path(leaf(-0.8));
}

/** A row of round shrubs along the ground. */
export function drawHedge(sheet: Sheet, light: Light, chance: Chance, x: number, w: number, ground: number): void {
  const [deep, middle] = light.leaves;
  const back = sheet.pen(shade(light, light.hour === "snow" ? deep : mix(deep, "#1f6b52", 0.5)));
  const front = sheet.pen(shade(light, light.hour === "snow" ? "#f3f6f4" : mix(middle, "#3d8f5f", 0.45)));
  for (let at = 0; at < w; at += 9) {
    const r = chance.between(5, 8);
    back.dome(x + at, ground, r, r * 1.2);
    front.dome(x + at - 1.5, ground, r * 0.66, r * 0.8);
  }
}

function drawBoughs(sheet: Sheet, light: Light, x: number, ground: number, tall: number): void {
  const wood = shade(light, "#5a4336");
  const limb = sheet.line(wood, tall / 40);
  const twig = sheet.line(wood, tall / 80);
  const snow = sheet.line("#ffffff", tall / 70);
  limb.through([x, ground - tall * 0.3], [x, ground - tall * 0.62], [x + tall * 0.02, ground - tall * 0.9]);
  for (const [height, reach, rise] of BOUGHS) {
    const from: Point = [x, ground - height * tall];
    const elbow: Point = [x + reach * tall * 0.6, ground - (height + rise * 0.5) * tall];
    const end: Point = [x + reach * tall, ground - (height + rise) * tall];
    limb.through(from, elbow);
    twig.through(elbow, end).through(elbow, [elbow[0] + reach * tall * 0.5, elbow[1] - rise * tall * 0.12]);
    twig.through(
      [(from[0] + elbow[0]) / 2, (from[1] + elbow[1]) / 2],
      [elbow[0] - reach * tall * 0.06, elbow[1] - rise * tall * 0.7],
    );
    snow.through([from[0] + reach * tall * 0.1, from[1] - tall * 0.035], [elbow[0], elbow[1] - tall * 0.016]);
  }
  sheet.pen("#fdfefc").dome(x, ground + 1, tall * 0.12, 4);
}

/** Where boughs leave the trunk, how far they reach and how far they rise, as shares of the height. */
const BOUGHS = [
  [0.4, -0.24, 0.26],
  [0.45, 0.26, 0.24],
  [0.54, -0.2, 0.28],
  [0.6, 0.19, 0.26],
  [0.7, -0.1, 0.22],
  [0.74, 0.09, 0.18],
] as const;
