import { darker } from "./color";
import type { Cuisine } from "./cuisine";
import { isDark, shade } from "./light";
import type { Plot } from "./plot";
import type { Pen, Sheet } from "./sheet";

/** The sign that hangs over the street: no words, but anybody sees what is cooked here. */
export function drawSign({ sheet, light, x, w, ground }: Plot, cuisine: Cuisine, isLeft: boolean): void {
  const side = isLeft ? -1 : 1;
  const edge = isLeft ? x : x + w;
  const cx = edge + side * 14;
  const cy = ground - 116;
  const iron = sheet.line(shade(light, "#24393b"), 2);
  iron.through([edge, cy - 22], [cx + side * 8, cy - 22]).through([cx, cy - 22], [cx, cy - 16]);
  if (isDark(light)) sheet.pen(light.lamp, 0.22).circle(cx, cy + 2, 32);
  if (cuisine.sign === "lantern") {
    drawLanterns(sheet, shade(light, "#d6402f"), light.lamp, x, w, ground);
    return;
  }
  sheet.pen(shade(light, cuisine.front)).circle(cx, cy + 2, 19);
  sheet.pen(shade(light, "#fff6e0")).circle(cx, cy + 2, 16.5);
  SIGNS[cuisine.sign](
    sheet.pen(shade(light, cuisine.awning)),
    sheet.pen(shade(light, darker(cuisine.accent, 0.1))),
    cx,
    cy + 2,
  );
}

const SIGNS: Readonly<Record<Exclude<Cuisine["sign"], "lantern">, (a: Pen, b: Pen, x: number, y: number) => void>> = {
  bowl: (a, b, x, y) => {
    a.path(`M${x - 11} ${y}h22q-1 10 -8 10h-6q-7 0 -8 -10z`);
    b.rect(x - 7, y - 10, 1.8, 9)
      .rect(x - 2, y - 11, 1.8, 10)
      .rect(x + 3, y - 9, 1.8, 8);
  },
  fish: (a, b, x, y) => {
    a.path(`M${x - 11} ${y}q9 -10 17 0q-8 10 -17 0z`).poly([x + 4, y], [x + 12, y - 6], [x + 12, y + 6]);
    b.circle(x - 5, y - 1, 1.6);
  },
  pizza: (a, b, x, y) => {
    a.poly([x - 10, y - 8], [x + 10, y - 8], [x, y + 12]);
    b.circle(x - 4, y - 3, 2.2)
      .circle(x + 4, y - 4, 2.2)
      .circle(x, y + 3, 2.2);
  },
  taco: (a, b, x, y) => {
    b.circle(x - 6, y - 2, 4)
      .circle(x, y - 5, 4)
      .circle(x + 6, y - 2, 4);
    a.dome(x, y + 7, 11, 11);
  },
  grill: (a, b, x, y) => {
    a.dome(x, y + 8, 10, -9).rect(x - 11, y - 2, 22, 2.6);
    b.path(`M${x} ${y - 12}q7 5 3 9h-6q-4 -4 3 -9z`);
  },
  glass: (a, b, x, y) => {
    a.path(`M${x - 6} ${y - 11}h12q1 11 -5 12v7h4v2h-10v-2h4v-7q-6 -1 -5 -12z`);
    b.rect(x - 5, y - 6, 10, 3);
  },
  cup: (a, b, x, y) => {
    a.path(`M${x - 9} ${y - 4}h15v8q0 5 -5 5h-5q-5 0 -5 -5z`).circle(x + 7, y, 4);
    b.rect(x - 5, y - 11, 1.8, 6).rect(x + 1, y - 11, 1.8, 6);
  },
  leaf: (a, b, x, y) => {
    a.path(`M${x - 8} ${y + 9}q-4 -18 16 -20q3 18 -16 20z`);
    b.poly([x - 8, y + 9], [x - 6, y + 9], [x + 4, y - 6], [x + 3, y - 7]);
  },
  pot: (a, b, x, y) => {
    a.path(`M${x - 10} ${y - 1}h20v6q0 5 -5 5h-10q-5 0 -5 -5z`).poly([x - 9, y - 3], [x, y - 12], [x + 9, y - 3]);
    b.circle(x, y - 12, 2).rect(x - 10, y + 2, 20, 1.8);
  },
  bread: (a, b, x, y) => {
    a.plate(x - 11, y - 4, 22, 10, 5);
    b.rect(x - 5, y - 3, 2, 7).rect(x + 2, y - 3, 2, 7);
  },
};

function drawLanterns(sheet: Sheet, paper: string, glow: string, x: number, w: number, ground: number): void {
  const cord = sheet.line(darker(paper, 0.6), 1.1);
  const body = sheet.pen(paper);
  const ribs = sheet.pen(glow);
  for (const at of [26, 66, w - 66, w - 26]) {
    cord.through([x + at, ground - 72], [x + at, ground - 62]);
    body.oval(x + at, ground - 51, 9, 11);
    ribs
      .rect(x + at - 4, ground - 63, 8, 2)
      .rect(x + at - 4, ground - 41, 8, 2)
      .rect(x + at - 1, ground - 39, 2, 6);
  }
}
