import { mix } from "./color";
import type { Chance } from "./random";

/** The hour and the season of a picture: everything in it takes its colors through `shade`. */
export interface Light {
  hour: "morning" | "noon" | "golden" | "dusk" | "night" | "snow";
  /** From the top down. */
  sky: readonly [string, string, string];
  sun: string;
  cloud: string;
  /** What far things fade into. */
  far: string;
  tint: string;
  depth: number;
  /** The share of windows somebody has lit. */
  lit: number;
  glass: string;
  lamp: string;
  leaves: readonly [string, string, string];
  ground: string;
  path: string;
  road: string;
}

const SPRING = ["#e98ea5", "#f4b6c2", "#fbdde0"] as const;
const SUMMER = ["#1f6b52", "#3d8f5f", "#7cb26a"] as const;
const DEEP = ["#0f5646", "#2a7a5c", "#5a9c68"] as const;
const AUTUMN = ["#b8432a", "#db7a2c", "#edb03d"] as const;
const WINTER = ["#8fa7ab", "#c3d2d3", "#eef3f1"] as const;

type Base = Omit<Light, "leaves">;

const MORNING: Base = {
  hour: "morning",
  sky: ["#b9dedb", "#dcebdc", "#fbeecb"],
  sun: "#fff6d8",
  cloud: "#fffaf0",
  far: "#b5d3cb",
  tint: "#fff0cf",
  depth: 0.08,
  lit: 0.08,
  glass: "#3f6f78",
  lamp: "#fff0b8",
  ground: "#a9c8a0",
  path: "#e9dfc8",
  road: "#c3c7b8",
};
const NOON: Base = {
  ...MORNING,
  hour: "noon",
  sky: ["#7fc4c8", "#a9d9d3", "#d8ecdd"],
  sun: "#ffe08a",
  far: "#8fbfb6",
  tint: "#ffffff",
  depth: 0.02,
  ground: "#86b98a",
  road: "#b2bdb6",
};
const GOLDEN: Base = {
  ...MORNING,
  hour: "golden",
  sky: ["#e9b27c", "#f3cb91", "#fbe6bd"],
  sun: "#fff1c2",
  cloud: "#fbd9a0",
  far: "#d3a683",
  tint: "#f0a55f",
  depth: 0.14,
  lit: 0.22,
  glass: "#5b5f6b",
  ground: "#a9a56a",
  path: "#ecd2a4",
  road: "#b89f86",
};
const DUSK: Base = {
  ...MORNING,
  hour: "dusk",
  sky: ["#34486f", "#8d5f80", "#f08c66"],
  sun: "#ffcf8a",
  cloud: "#c9748a",
  far: "#5d5078",
  tint: "#43376a",
  depth: 0.33,
  lit: 0.5,
  glass: "#2e3554",
  lamp: "#ffd987",
  ground: "#4f6a64",
  path: "#9b8790",
  road: "#594f6b",
};
const NIGHT: Base = {
  ...MORNING,
  hour: "night",
  sky: ["#0c2432", "#123543", "#1d5257"],
  sun: "#f6efd2",
  cloud: "#1c4450",
  far: "#173f49",
  tint: "#0e2b3a",
  depth: 0.5,
  lit: 0.58,
  glass: "#173644",
  lamp: "#ffd67a",
  ground: "#1e4a48",
  path: "#4f6a6c",
  road: "#233f48",
};
const SNOW: Base = {
  ...MORNING,
  hour: "snow",
  sky: ["#a9c3cf", "#c9d9dd", "#e8edea"],
  sun: "#fdf6e3",
  cloud: "#f4f6f3",
  far: "#aebfc6",
  tint: "#c7d6dc",
  depth: 0.12,
  lit: 0.4,
  glass: "#4c6470",
  lamp: "#ffdf91",
  ground: "#f3f6f4",
  path: "#e4ebea",
  road: "#c9d3d5",
};

const HOURS = [MORNING, NOON, NOON, GOLDEN, DUSK, NIGHT, SNOW, MORNING] as const;

/** The light of a picture. Most are by day, so that a page of results stays bright. */
export function lightOf(chance: Chance): Light {
  const base = chance.of(HOURS);
  if (base.hour === "snow") return { ...base, leaves: WINTER };
  return { ...base, leaves: chance.of([SUMMER, SUMMER, DEEP, AUTUMN, SPRING]) };
}

/** A color of its own as it looks in a light. */
export function shade(light: Light, color: string): string {
  return mix(color, light.tint, light.depth);
}

/** The same from afar: `distance` from 0 (here) to 1 (the horizon). */
export function haze(light: Light, color: string, distance: number): string {
  return mix(shade(light, color), light.far, distance);
}

export function isDark(light: Light): boolean {
  return light.hour === "dusk" || light.hour === "night";
}
