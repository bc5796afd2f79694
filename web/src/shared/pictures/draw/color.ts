/** A color between two, `share` of the way from the first to the second. */
export function mix(from: string, to: string, share: number): string {
  const a = parts(from);
  const b = parts(to);
  return `#${a.map((value, at) => hex(value + ((b[at] ?? value) - value) * share)).join("")}`;
}

export function darker(color: string, share: number): string {
  return mix(color, "#0d2a2a", share);
}

export function lighter(color: string, share: number): string {
  return mix(color, "#fffaf0", share);
}

function parts(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function hex(value: number): string {
  return Math.round(Math.min(255, Math.max(0, value)))
    .toString(16)
    .padStart(2, "0");
}
