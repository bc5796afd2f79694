import type { Chance } from "./random";

/** How a kitchen of some part of the world looks from the street and on the table. */
export interface Cuisine {
  wall: string;
  trim: string;
  front: string;
  door: string;
  awning: string;
  accent: string;
  roof: "stripes" | "plain" | "tiles" | "sign";
  arched: boolean;
  sign: "bowl" | "fish" | "pizza" | "taco" | "grill" | "glass" | "cup" | "leaf" | "lantern" | "pot" | "bread";
  dishes: readonly [Dish, ...Dish[]];
}

export type Dish =
  | "noodles"
  | "pizza"
  | "taco"
  | "sushi"
  | "steak"
  | "fish"
  | "curry"
  | "salad"
  | "dumplings"
  | "burger"
  | "tapas"
  | "pastry"
  | "pasta"
  | "injera";

const LOOKS: readonly [codes: RegExp, look: Cuisine][] = [
  [
    /ramen|noodles|vietnamese|thai|malaysian|indonesian|filipino/,
    {
      wall: "#d7b98a",
      trim: "#fff3dc",
      front: "#2b3f46",
      door: "#b03a2e",
      awning: "#c2452d",
      accent: "#f0b84a",
      roof: "plain",
      arched: false,
      sign: "bowl",
      dishes: ["noodles", "curry", "noodles"],
    },
  ],
  [
    /sushi|japanese|korean/,
    {
      wall: "#3d4f58",
      trim: "#f3e8d2",
      front: "#5a3d2c",
      door: "#2a1f1b",
      awning: "#23414a",
      accent: "#e8543f",
      roof: "tiles",
      arched: false,
      sign: "lantern",
      dishes: ["sushi", "noodles", "sushi"],
    },
  ],
  [
    /chinese|dim_sum/,
    {
      wall: "#a83a2d",
      trim: "#f7dfa6",
      front: "#2f4a44",
      door: "#7c1f1c",
      awning: "#24594c",
      accent: "#f5b81f",
      roof: "tiles",
      arched: false,
      sign: "lantern",
      dishes: ["dumplings", "noodles", "dumplings"],
    },
  ],
  [
    /italian|pizza/,
    {
      wall: "#e2b27a",
      trim: "#fff8e8",
      front: "#2c5a44",
      door: "#8c2f28",
      awning: "#2c6b4f",
      accent: "#c9553a",
      roof: "stripes",
      arched: true,
      sign: "pizza",
      dishes: ["pizza", "pasta", "pasta"],
    },
  ],
  [
    /mexican|tex_mex|latin|peruvian|brazilian|argentinian|caribbean|spanish|tapas/,
    {
      wall: "#e39a4b",
      trim: "#fff1d6",
      front: "#1c6f74",
      door: "#d9486b",
      awning: "#d9486b",
      accent: "#f5c542",
      roof: "stripes",
      arched: true,
      sign: "taco",
      dishes: ["taco", "tapas", "taco"],
    },
  ],
  [
    /seafood|greek|mediterranean/,
    {
      wall: "#eef0e6",
      trim: "#ffffff",
      front: "#2b6a8c",
      door: "#1f4f70",
      awning: "#2f7ea3",
      accent: "#f08a5d",
      roof: "stripes",
      arched: false,
      sign: "fish",
      dishes: ["fish", "fish", "salad"],
    },
  ],
  [
    /steak|barbecue|american|burgers|southern|soul|cajun|deli|gastropub|irish|british|german|austrian|belgian/,
    {
      wall: "#8f4234",
      trim: "#f2dfc2",
      front: "#26393d",
      door: "#c98a35",
      awning: "#26393d",
      accent: "#e0913a",
      roof: "sign",
      arched: false,
      sign: "grill",
      dishes: ["steak", "burger", "burger"],
    },
  ],
  [
    /cafe|bakery|breakfast/,
    {
      wall: "#f0cfb8",
      trim: "#fffaf0",
      front: "#5f8a78",
      door: "#b5503a",
      awning: "#e98ea5",
      accent: "#e8794a",
      roof: "stripes",
      arched: true,
      sign: "cup",
      dishes: ["pastry", "pastry", "salad"],
    },
  ],
  [
    /vegan|vegetarian/,
    {
      wall: "#cfdcbf",
      trim: "#fffbea",
      front: "#3c6b4c",
      door: "#d9713f",
      awning: "#4f8f5c",
      accent: "#f0b84a",
      roof: "plain",
      arched: false,
      sign: "leaf",
      dishes: ["salad", "curry", "salad"],
    },
  ],
  [
    /indian|nepalese|ethiopian|african|moroccan|turkish|lebanese|middle_eastern|israeli|georgian|halal|russian|ukrainian/,
    {
      wall: "#c46f3d",
      trim: "#fbe7c6",
      front: "#5b2f52",
      door: "#1f5f66",
      awning: "#7a3560",
      accent: "#f2b134",
      roof: "stripes",
      arched: true,
      sign: "pot",
      dishes: ["curry", "injera", "curry"],
    },
  ],
  [
    /wine|french|fine|european/,
    {
      wall: "#d9d2c2",
      trim: "#ffffff",
      front: "#16413c",
      door: "#7a1f2c",
      awning: "#7a1f2c",
      accent: "#e6b655",
      roof: "plain",
      arched: true,
      sign: "glass",
      dishes: ["tapas", "steak", "pastry"],
    },
  ],
];
const FALLBACK: Cuisine = {
  wall: "#7f9a86",
  trim: "#fbf3de",
  front: "#2c4a44",
  door: "#d9713f",
  awning: "#e8794a",
  accent: "#f0c15a",
  roof: "plain",
  arched: false,
  sign: "leaf",
  dishes: ["salad", "fish", "steak"],
};

/** The look of a cuisine by its code; of several, the first that is known. */
export function cuisineOf(variant: string, chance: Chance): Cuisine {
  const text = variant.toLowerCase();
  if (text.startsWith("new_american") || text === "fusion") return FALLBACK;
  const found =
    LOOKS.find(([codes]) => codes.test(text.split(/[,\s]+/)[0] ?? "")) ?? LOOKS.find(([codes]) => codes.test(text));
  if (found) return found[1];
  return text === "" ? (LOOKS[chance.whole(0, LOOKS.length - 1)]?.[1] ?? FALLBACK) : FALLBACK;
}
