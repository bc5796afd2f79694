import { darker, lighter } from "./color";
import type { Dish } from "./cuisine";
import type { Chance } from "./random";
import type { Sheet } from "./sheet";

type Draw = (sheet: Sheet, chance: Chance, x: number, y: number, r: number) => void;

/** What is on a plate, seen from above. */
export const DISHES: Readonly<Record<Dish, Draw>> = {
  noodles: (sheet, chance, x, y, r) => {
    sheet.pen("#23414a").circle(x, y, r);
    sheet.pen("#c98a4b").circle(x, y, r * 0.88);
    const strands = sheet.line("#f7dfa0", r * 0.055);
    for (let at = 0; at < 9; at += 1) {
      const dy = (at - 4) * r * 0.13;
      strands.path(`M${x - r * 0.62} ${y + dy}q${r * 0.2} ${-r * 0.16} ${r * 0.42} 0t${r * 0.42} 0t${r * 0.36} 0`);
    }
    sheet
      .pen("#fffaf0")
      .oval(x + r * 0.36, y - r * 0.3, r * 0.25, r * 0.2)
      .oval(x + r * 0.02, y - r * 0.5, r * 0.23, r * 0.18);
    sheet
      .pen("#f2a53a")
      .circle(x + r * 0.38, y - r * 0.3, r * 0.12)
      .circle(x + r * 0.04, y - r * 0.5, r * 0.11);
    const pork = sheet.pen("#d98f7a");
    pork.oval(x - r * 0.36, y + r * 0.26, r * 0.28, r * 0.2).oval(x - r * 0.12, y + r * 0.46, r * 0.26, r * 0.18);
    scatter(sheet.pen("#2f8a55"), chance, x + r * 0.3, y + r * 0.3, r * 0.34, 14, r * 0.05);
    const sticks = sheet.line("#8c3b2d", r * 0.06);
    sticks
      .through([x + r * 0.3, y - r * 0.05], [x + r * 1.5, y - r * 0.9])
      .through([x + r * 0.42, y + r * 0.08], [x + r * 1.58, y - r * 0.74]);
  },
  pizza: (sheet, chance, x, y, r) => {
    sheet.pen("#c98a43").circle(x, y, r * 1.08);
    sheet.pen("#e7b15c").circle(x, y, r * 1.02);
    sheet.pen("#c4432c").circle(x, y, r * 0.88);
    scatter(sheet.pen("#fbeccb"), chance, x, y, r * 0.72, 11, r * 0.17);
    scatter(sheet.pen("#9c2f24"), chance, x, y, r * 0.66, 6, r * 0.1);
    const basil = sheet.pen("#2c7a4b");
    for (let at = 0; at < 6; at += 1)
      leaf(
        basil,
        x + chance.between(-0.55, 0.55) * r,
        y + chance.between(-0.55, 0.55) * r,
        r * 0.16,
        chance.between(0, 6),
      );
    const cuts = sheet.line("#a86c33", r * 0.03);
    for (const turn of [0.3, 1.35, 2.4])
      cuts.through([x - Math.cos(turn) * r, y - Math.sin(turn) * r], [x + Math.cos(turn) * r, y + Math.sin(turn) * r]);
  },
  pasta: (sheet, chance, x, y, r) => {
    sheet.pen("#e9c06a").circle(x, y, r * 0.72);
    const nest = sheet.line("#f7dc97", r * 0.07);
    for (const share of [0.64, 0.5, 0.36, 0.2])
      nest.path(`M${x - r * share} ${y}a${r * share} ${r * share * 0.9} 0 1 1 ${r * share * 0.6} ${r * share * 0.8}`);
    sheet
      .pen("#c2452d")
      .path(
        `M${x - r * 0.4} ${y - r * 0.05}q${r * 0.1} ${-r * 0.4} ${r * 0.44} ${-r * 0.3}t${r * 0.34} ${r * 0.4}q${-r * 0.14} ${r * 0.34} ${-r * 0.46} ${r * 0.24}t${-r * 0.32} ${-r * 0.34}z`,
      );
    scatter(sheet.pen("#fff6df"), chance, x, y, r * 0.5, 12, r * 0.035);
    const basil = sheet.pen("#2c7a4b");
    for (const turn of [0, 2.1, 4.2]) leaf(basil, x + r * 0.05, y - r * 0.04, r * 0.24, turn);
  },
  taco: (sheet, chance, x, y, r) => {
    for (const [at, dx] of [-0.52, 0, 0.52].entries()) {
      const cx = x + dx * r;
      sheet.pen("#d99a3f").oval(cx, y, r * 0.23, r * 0.62);
      const fill = [sheet.pen("#5c9c4a"), sheet.pen("#c2452d"), sheet.pen("#fbeccb"), sheet.pen("#7a4a2e")];
      for (let piece = 0; piece < 18; piece += 1)
        fill[(piece + at) % 4]?.circle(
          cx + chance.between(-0.1, 0.1) * r,
          y + chance.between(-0.5, 0.5) * r,
          r * 0.075,
        );
      sheet
        .pen("#f0bd62")
        .path(
          `M${cx + r * 0.04} ${y - r * 0.6}q${r * 0.34} ${r * 0.6} 0 ${r * 1.2}q${r * 0.12} ${-r * 0.6} 0 ${-r * 1.2}z`,
        );
    }
    const lime = sheet.pen("#7fb24a");
    lime.circle(x + r * 0.2, y + r * 0.76, r * 0.16);
    sheet.pen("#cfe39a").circle(x + r * 0.2, y + r * 0.76, r * 0.12);
  },
  sushi: (sheet, chance, x, y, r) => {
    sheet.pen("#3a2a22").plate(x - r * 0.95, y - r * 0.62, r * 1.9, r * 1.24, r * 0.1);
    sheet.pen("#54392b").plate(x - r * 0.9, y - r * 0.57, r * 1.8, r * 1.14, r * 0.08);
    const rice = sheet.pen("#fffaf0");
    const fish = [sheet.pen("#f0805a"), sheet.pen("#c23b34"), sheet.pen("#f4c9a8")];
    for (let at = 0; at < 4; at += 1) {
      const px = x - r * 0.72 + at * r * 0.4;
      rice.plate(px - r * 0.02, y - r * 0.46, r * 0.28, r * 0.5, r * 0.12);
      fish[at % 3]?.plate(px - r * 0.04, y - r * 0.48, r * 0.32, r * 0.46, r * 0.13);
    }
    const nori = sheet.pen("#1d3a33");
    const inside = sheet.pen("#fffaf0");
    const core = sheet.pen("#f08a5d");
    for (let at = 0; at < 4; at += 1) {
      const px = x - r * 0.58 + at * r * 0.38;
      nori.circle(px, y + r * 0.3, r * 0.18);
      inside.circle(px, y + r * 0.3, r * 0.14);
      core.circle(px + chance.between(-1, 1), y + r * 0.3, r * 0.07);
    }
    sheet.pen("#8fb85a").circle(x + r * 0.72, y + r * 0.36, r * 0.09);
  },
  steak: (sheet, chance, x, y, r) => {
    sheet
      .pen("#5a2f22")
      .path(
        `M${x - r * 0.7} ${y + r * 0.1}q${-r * 0.05} ${-r * 0.6} ${r * 0.55} ${-r * 0.6}t${r * 0.62} ${r * 0.42}q0 ${r * 0.5} ${-r * 0.5} ${r * 0.48}t${-r * 0.67} ${-r * 0.3}z`,
      );
    sheet
      .pen("#8c4630")
      .path(
        `M${x - r * 0.6} ${y + r * 0.04}q0 ${-r * 0.46} ${r * 0.46} ${-r * 0.46}t${r * 0.5} ${r * 0.34}q0 ${r * 0.4} ${-r * 0.42} ${r * 0.38}t${-r * 0.54} ${-r * 0.26}z`,
      );
    const marks = sheet.line("#4a2419", r * 0.05);
    for (const dx of [-0.36, -0.12, 0.12])
      marks.through([x + dx * r, y + r * 0.22], [x + (dx + 0.28) * r, y - r * 0.3]);
    const beans = sheet.line("#3d8f5f", r * 0.07);
    for (let at = 0; at < 6; at += 1)
      beans.path(
        `M${x - r * 0.5 + at * r * 0.1} ${y + r * 0.72}q${r * 0.2} ${-r * 0.12 - at} ${r * 0.46} ${-r * 0.04}`,
      );
    scatter(sheet.pen("#edbb55"), chance, x + r * 0.56, y + r * 0.3, r * 0.24, 5, r * 0.12);
  },
  fish: (sheet, chance, x, y, r) => {
    sheet
      .pen("#6f98a3")
      .path(`M${x - r * 0.86} ${y}q${r * 0.62} ${-r * 0.62} ${r * 1.24} 0q${-r * 0.62} ${r * 0.62} ${-r * 1.24} 0z`)
      .poly([x + r * 0.28, y], [x + r * 0.86, y - r * 0.3], [x + r * 0.72, y], [x + r * 0.86, y + r * 0.3]);
    sheet
      .pen("#a9c6c6")
      .path(
        `M${x - r * 0.8} ${y + r * 0.02}q${r * 0.56} ${r * 0.5} ${r * 1.1} 0q${-r * 0.5} ${r * 0.16} ${-r * 1.1} 0z`,
      );
    sheet.pen("#23414a").circle(x - r * 0.62, y - r * 0.06, r * 0.05);
    const scales = sheet.line("#4f7d8a", r * 0.028);
    for (let at = 0; at < 5; at += 1)
      scales.path(`M${x - r * 0.3 + at * r * 0.14} ${y - r * 0.18}q${r * 0.1} ${r * 0.16} 0 ${r * 0.32}`);
    for (const [dx, dy] of [
      [-0.3, -0.52],
      [0.06, -0.58],
      [0.4, -0.5],
    ] as const) {
      sheet.pen("#f2c53d").circle(x + dx * r, y + dy * r, r * 0.16);
      sheet.pen("#fbe9a6").circle(x + dx * r, y + dy * r, r * 0.11);
    }
    const herb = sheet.pen("#2f8a55");
    for (let at = 0; at < 7; at += 1)
      leaf(herb, x + chance.between(-0.5, 0.4) * r, y + chance.between(0.5, 0.7) * r, r * 0.16, chance.between(0, 6));
  },
  curry: (sheet, chance, x, y, r) => {
    const bowl = (cx: number, cy: number, size: number, stew: string) => {
      sheet.pen("#a8642f").circle(cx, cy, size);
      sheet.pen("#d6914a").circle(cx, cy, size * 0.9);
      sheet.pen(stew).circle(cx, cy, size * 0.78);
      scatter(sheet.pen(lighter(stew, 0.3)), chance, cx, cy, size * 0.5, 5, size * 0.15);
      const herb = sheet.pen("#3d8f4f");
      for (let at = 0; at < 3; at += 1)
        leaf(
          herb,
          cx + chance.between(-0.3, 0.3) * size,
          cy + chance.between(-0.3, 0.3) * size,
          size * 0.22,
          chance.between(0, 6),
        );
    };
    sheet.pen("#fffaf0").circle(x - r * 0.05, y + r * 0.46, r * 0.4);
    bowl(x - r * 0.36, y - r * 0.22, r * 0.46, "#c2602b");
    bowl(x + r * 0.46, y - r * 0.08, r * 0.42, chance.of(["#5f7a34", "#a83a2d", "#d9a13a"]));
    sheet
      .pen("#e8c07a")
      .path(`M${x + r * 0.3} ${y + r * 0.4}q${r * 0.5} ${-r * 0.14} ${r * 0.44} ${r * 0.22}t${-r * 0.5} ${r * 0.16}z`);
  },
  injera: (sheet, chance, x, y, r) => {
    sheet.pen("#b58a5e").circle(x, y, r * 1.02);
    sheet.pen("#d1ab7c").circle(x, y, r * 0.98);
    const stews = ["#a83a2d", "#5f8a3c", "#d9a13a", "#7a4a2e", "#c2602b", "#e8d9a8"];
    for (const [at, stew] of stews.entries()) {
      const turn = (at * Math.PI) / 3 + 0.4;
      sheet.pen(stew).oval(x + Math.cos(turn) * r * 0.56, y + Math.sin(turn) * r * 0.56, r * 0.24, r * 0.2);
    }
    sheet.pen("#8c2f24").circle(x, y, r * 0.22);
    sheet.pen("#fffaf0").oval(x, y, r * 0.1, r * 0.13);
    scatter(sheet.pen("#3d8f4f"), chance, x, y, r * 0.7, 14, r * 0.03);
  },
  salad: (sheet, chance, x, y, r) => {
    sheet.pen("#2c6b4a").circle(x, y, r * 0.78);
    const greens = [sheet.pen("#3d8f5f"), sheet.pen("#7cb26a"), sheet.pen("#a9cf7a")];
    for (let at = 0; at < 18; at += 1)
      leaf(
        greens[at % 3] ?? sheet.pen("#7cb26a"),
        x + chance.between(-0.5, 0.5) * r,
        y + chance.between(-0.5, 0.5) * r,
        r * 0.3,
        chance.between(0, 6),
      );
    scatter(sheet.pen("#d6402f"), chance, x, y, r * 0.54, 5, r * 0.12);
    scatter(sheet.pen("#f5b81f"), chance, x, y, r * 0.56, 5, r * 0.07);
    const onion = sheet.line("#a4617a", r * 0.04);
    for (let at = 0; at < 4; at += 1)
      onion.path(
        `M${x + chance.between(-0.4, 0.3) * r} ${y + chance.between(-0.4, 0.4) * r}a${r * 0.13} ${r * 0.13} 0 1 1 ${r * 0.16} ${r * 0.1}`,
      );
  },
  dumplings: (sheet, chance, x, y, r) => {
    sheet.pen("#a9743f").circle(x, y, r);
    sheet.pen("#cf9c5c").circle(x, y, r * 0.9);
    const weave = sheet.line("#b98345", r * 0.04);
    for (let at = -3; at <= 3; at += 1)
      weave.through(
        [x + at * r * 0.24, y - r * 0.8 + Math.abs(at) * r * 0.1],
        [x + at * r * 0.24, y + r * 0.8 - Math.abs(at) * r * 0.1],
      );
    const dough = sheet.pen("#fbf0d9");
    const folds = sheet.line("#d9c49a", r * 0.035);
    for (let at = 0; at < 7; at += 1) {
      const turn = (at * Math.PI) / 3;
      const [cx, cy] = at === 6 ? [x, y] : [x + Math.cos(turn) * r * 0.55, y + Math.sin(turn) * r * 0.55];
      dough.circle(cx, cy, r * 0.24);
      for (let fold = 0; fold < 6; fold += 1) {
        const ray = (fold * Math.PI) / 3 + at;
        folds.through(
          [cx + Math.cos(ray) * r * 0.05, cy + Math.sin(ray) * r * 0.05],
          [cx + Math.cos(ray + 0.4) * r * 0.17, cy + Math.sin(ray + 0.4) * r * 0.17],
        );
      }
    }
    scatter(sheet.pen("#3d8f4f"), chance, x, y, r * 0.6, 7, r * 0.03);
  },
  burger: (sheet, chance, x, y, r) => {
    const fries = sheet.pen("#f0bd4a");
    const fry = (turn: number, from: number) => {
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      const [cx, cy] = [x + r * 0.46 + from, y + r * 0.1];
      fries.poly(
        [cx - c * r * 0.4 - s * 2.6, cy - s * r * 0.4 + c * 2.6],
        [cx + c * r * 0.4 - s * 2.6, cy + s * r * 0.4 + c * 2.6],
        [cx + c * r * 0.4 + s * 2.6, cy + s * r * 0.4 - c * 2.6],
        [cx - c * r * 0.4 + s * 2.6, cy - s * r * 0.4 - c * 2.6],
      );
    };
    for (let at = 0; at < 9; at += 1) fry(chance.between(0.6, 2.2), chance.between(-0.14, 0.22) * r);
    const [bx, by] = [x - r * 0.26, y];
    sheet
      .pen("#7cb26a")
      .circle(bx + r * 0.06, by + r * 0.07, r * 0.55)
      .circle(bx - r * 0.2, by + r * 0.2, r * 0.42);
    sheet
      .pen("#f5b81f")
      .poly(
        [bx - r * 0.5, by + r * 0.3],
        [bx + r * 0.1, by + r * 0.66],
        [bx + r * 0.5, by + r * 0.2],
        [bx, by - r * 0.3],
      );
    sheet.pen("#b8702f").circle(bx, by, r * 0.5);
    sheet.pen("#d6914a").circle(bx - r * 0.04, by - r * 0.05, r * 0.42);
    scatter(sheet.pen("#fbeccb"), chance, bx, by, r * 0.34, 13, r * 0.03);
    sheet.pen("#c2452d").circle(x + r * 0.5, y - r * 0.5, r * 0.17);
  },
  tapas: (sheet, chance, x, y, r) => {
    sheet.pen("#6b4630").plate(x - r * 0.9, y - r * 0.5, r * 1.8, r, r * 0.16);
    sheet.pen("#8a5a3a").plate(x - r * 0.86, y - r * 0.46, r * 1.72, r * 0.92, r * 0.13);
    const bread = sheet.pen("#e2b873");
    for (let at = 0; at < 3; at += 1) bread.oval(x - r * 0.52 + at * r * 0.52, y, r * 0.22, r * 0.34);
    sheet.pen("#c2452d").oval(x - r * 0.52, y, r * 0.16, r * 0.26);
    sheet.pen("#fbf3dc").oval(x, y, r * 0.16, r * 0.26);
    sheet.pen("#7a8f3c").oval(x + r * 0.52, y, r * 0.16, r * 0.26);
    const herb = sheet.pen("#2f8a55");
    for (const dx of [-0.52, 0, 0.52]) leaf(herb, x + dx * r, y, r * 0.16, chance.between(0, 6));
    scatter(sheet.pen("#4f6b2a"), chance, x, y + r * 0.7, r * 0.24, 5, r * 0.08);
  },
  pastry: (sheet, _, x, y, r) => {
    const arc = (share: number) =>
      `M${x - r * 0.62} ${y + r * 0.28}a${r * 0.66} ${r * 0.66} 0 0 1 ${r * 1.24} 0l${-r * 0.24 * share} ${r * 0.1}a${r * 0.4} ${r * 0.36} 0 0 0 ${-r * (1.24 - 0.48 * share)} 0z`;
    sheet.pen("#b8702f").path(arc(1));
    const ridges = sheet.pen("#e0a353");
    for (const [dx, dy, size] of [
      [-0.46, 0.08, 0.15],
      [-0.26, -0.16, 0.19],
      [0, -0.26, 0.21],
      [0.26, -0.16, 0.19],
      [0.46, 0.08, 0.15],
    ] as const)
      ridges.oval(x + dx * r, y + dy * r, size * r * 0.8, size * r);
    sheet
      .pen("#f4cd8a")
      .oval(x - r * 0.04, y - r * 0.33, r * 0.09, r * 0.1)
      .oval(x - r * 0.31, y - r * 0.22, r * 0.07, r * 0.08);
    sheet
      .pen("#c23b50")
      .circle(x - r * 0.12, y + r * 0.52, r * 0.13)
      .circle(x + r * 0.18, y + r * 0.5, r * 0.11);
    const mint = sheet.pen("#2f8a55");
    leaf(mint, x + r * 0.03, y + r * 0.44, r * 0.18, 5);
    sheet.pen(darker("#c23b50", 0.2)).circle(x - r * 0.15, y + r * 0.5, r * 0.03);
  },
};

function scatter(
  pen: ReturnType<Sheet["pen"]>,
  chance: Chance,
  x: number,
  y: number,
  reach: number,
  count: number,
  size: number,
): void {
  for (let at = 0; at < count; at += 1) {
    const turn = chance.between(0, 2 * Math.PI);
    const far = Math.sqrt(chance.next()) * reach;
    pen.circle(x + Math.cos(turn) * far, y + Math.sin(turn) * far, size * chance.between(0.8, 1.2));
  }
}

function leaf(pen: ReturnType<Sheet["pen"]>, x: number, y: number, size: number, turn: number): void {
  const [c, s] = [Math.cos(turn) * size, Math.sin(turn) * size];
  pen.path(
    `M${(x - c).toFixed(1)} ${(y - s).toFixed(1)}Q${(x + s * 0.7).toFixed(1)} ${(y - c * 0.7).toFixed(1)} ${(x + c).toFixed(1)} ${(y + s).toFixed(1)}Q${(x - s * 0.7).toFixed(1)} ${(y + c * 0.7).toFixed(1)} ${(x - c).toFixed(1)} ${(y - s).toFixed(1)}z`,
  );
}
