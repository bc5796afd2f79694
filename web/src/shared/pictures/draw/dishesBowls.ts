import { lighter } from "./color";
import { leaf, scatter, type DrawDish } from "./garnish";

/** Noodles, breads and what comes in bowls, seen from above. */
export const BOWLS = {
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
} satisfies Record<string, DrawDish>;
