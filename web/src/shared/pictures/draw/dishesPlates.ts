import { darker } from "./color";
import { leaf, scatter, type DrawDish } from "./garnish";

/** What comes on a plate or a board, seen from above. */
export const PLATES = {
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
} satisfies Record<string, DrawDish>;
