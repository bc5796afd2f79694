/** Something with a label that wants its place on the screen. */
export interface Wanting {
  id: string;
  x: number;
  y: number;
  /** Half of what its label takes. */
  halfW: number;
  halfH: number;
  /** Placed before all others, whatever it covers. */
  isFirst?: boolean;
}

/**
 * Which labels can be shown without covering each other: the first ones win, so give them in the order that matters.
 *
 * Works on a grid of cells, so that some hundreds cost nothing to speak of.
 */
export function withoutOverlap(wanting: readonly Wanting[], gap = 2): Set<string> {
  const cell = 64;
  const taken = new Map<string, Wanting[]>();
  const shown = new Set<string>();
  const inOrder = [...wanting.filter((each) => each.isFirst), ...wanting.filter((each) => !each.isFirst)];
  for (const each of inOrder) {
    const cells = cellsOf(each, cell, gap);
    const isFree = cells.every((key) => (taken.get(key) ?? []).every((other) => !covers(each, other, gap)));
    if (!isFree && !each.isFirst) continue;
    shown.add(each.id);
    for (const key of cells) taken.set(key, [...(taken.get(key) ?? []), each]);
  }
  return shown;
}

function covers(a: Wanting, b: Wanting, gap: number): boolean {
  return Math.abs(a.x - b.x) < a.halfW + b.halfW + gap && Math.abs(a.y - b.y) < a.halfH + b.halfH + gap;
}

function cellsOf({ x, y, halfW, halfH }: Wanting, cell: number, gap: number): string[] {
  const cells: string[] = [];
  for (let column = Math.floor((x - halfW - gap) / cell); column <= Math.floor((x + halfW + gap) / cell); column += 1) {
    for (let row = Math.floor((y - halfH - gap) / cell); row <= Math.floor((y + halfH + gap) / cell); row += 1) {
      cells.push(`${column}:${row}`);
    }
  }
  return cells;
}
