import type { Dish } from "./cuisine";
import { BOWLS } from "./dishesBowls";
import { PLATES } from "./dishesPlates";
import type { DrawDish } from "./garnish";

/** Every dish by its name. */
export const DISHES: Readonly<Record<Dish, DrawDish>> = { ...BOWLS, ...PLATES };
