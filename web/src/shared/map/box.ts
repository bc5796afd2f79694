/** A box of the map, in degrees. */
export interface Box {
  south: number;
  west: number;
  north: number;
  east: number;
}

export interface Spot {
  lat: number;
  lng: number;
}

/** A box as the search takes it: `south,west,north,east`, to about a meter. */
export function boxText({ south, west, north, east }: Box): string {
  return [south, west, north, east].map((degrees) => String(Number(degrees.toFixed(5)))).join(",");
}

/** The box of a text, of an address for example; null when it is none. */
export function parseBox(text: string | null | undefined): Box | null {
  const parts = (text ?? "").split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (parts.length !== 4 || !parts.every((degrees, at) => Math.abs(degrees) <= (at % 2 === 0 ? 90 : 180))) return null;
  const [south = 0, west = 0, north = 0, east = 0] = parts;
  return south <= north ? { south, west, north, east } : null;
}

/** The smallest box around some spots; null around none. */
export function boxAround(spots: readonly Spot[]): Box | null {
  if (spots.length === 0) return null;
  const lats = spots.map((spot) => spot.lat);
  const lngs = spots.map((spot) => spot.lng);
  return { south: Math.min(...lats), west: Math.min(...lngs), north: Math.max(...lats), east: Math.max(...lngs) };
}

/** How far apart the lines of a grid are, in degrees, so that a view of this width shows a handful. */
export function gridStep(width: number): number {
  const steps = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
  return steps.find((step) => width / step <= 8) ?? 45;
}
