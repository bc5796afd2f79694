import type { Chance } from "./random";
import type { Sheet } from "./sheet";

export type DrawDish = (sheet: Sheet, chance: Chance, x: number, y: number, r: number) => void;

/** Small pieces of one kind, thrown about a middle. */
export function scatter(
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

/** A leaf of a herb. */
export function leaf(pen: ReturnType<Sheet["pen"]>, x: number, y: number, size: number, turn: number): void {
  const [c, s] = [Math.cos(turn) * size, Math.sin(turn) * size];
  pen.path(
    `M${(x - c).toFixed(1)} ${(y - s).toFixed(1)}Q${(x + s * 0.7).toFixed(1)} ${(y - c * 0.7).toFixed(1)} ${(x + c).toFixed(1)} ${(y + s).toFixed(1)}Q${(x - s * 0.7).toFixed(1)} ${(y + c * 0.7).toFixed(1)} ${(x - c).toFixed(1)} ${(y - s).toFixed(1)}z`,
  );
}
