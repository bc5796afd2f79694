import { describe, expect, it } from "vitest";

import { buildOf } from "./draw/home";
import { Chance } from "./draw/random";
import { Sheet } from "./draw/sheet";
import { sceneOf, type Kind } from "./scene";

const KINDS: Kind[] = ["home", "room", "dish", "table", "restaurant", "city", "area", "flight"];
const subject = (kind: Kind, seed: number, ratio = 4 / 3) => ({ kind, seed, variant: "", place: "", ratio });

describe("A picture", () => {
  it.each(KINDS)("of a %s is cheap to show, whatever its seed and shape", (kind) => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { shapes } = sceneOf(subject(kind, seed, seed % 4 === 0 ? 21 / 9 : 4 / 3));
      expect(shapes.length).toBeGreaterThan(8);
      expect(shapes.length).toBeLessThan(120);
      expect(shapes.map((shape) => shape.d).join("")).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it("is the same for the same home, and another for another", () => {
    const first = sceneOf({ ...subject("home", 7), variant: "townhouse" });
    sceneOf({ ...subject("home", 7), variant: "loft" });
    expect(sceneOf({ ...subject("home", 7), variant: "townhouse" })).toEqual(first);
    expect(sceneOf({ ...subject("home", 8), variant: "townhouse" })).not.toEqual(first);
  });

  it.each([
    ["Two-bedroom townhouse with a backyard", "Georgetown, Burleith/Hillandale", "federal"],
    ["Two-bedroom townhouse with a backyard", "Capitol Hill, Lincoln Park", "rowHouse"],
    ["One-bedroom guest suite for 2", "Shaw, Logan Circle", "basement"],
    ["Three-bedroom guesthouse", "Columbia Heights", "carriage"],
    ["Four-bedroom house for 7", "Hawthorne, Barnaby Woods, Chevy Chase", "detached"],
    ["hotel_room", "Downtown, Chinatown", "hotel"],
  ])("of “%s” in %s shows the building it is in", (variant, place, build) => {
    expect(buildOf(variant, place, new Chance("1"))).toBe(build);
  });
});

describe("A sheet", () => {
  it("makes one shape of planes that lie apart", () => {
    const sheet = new Sheet(100, 100);
    for (const x of [0, 50]) {
      sheet.pen("#aa0000").rect(x, 0, 40, 40);
      sheet.pen("#00aa00").rect(x + 10, 10, 10, 10);
    }
    expect(sheet.shapes().map((shape) => shape.fill)).toEqual(["#aa0000", "#00aa00"]);
  });

  it("never draws a plane under one that it was drawn over", () => {
    const sheet = new Sheet(100, 100);
    sheet.pen("#aa0000").rect(0, 0, 40, 40);
    sheet.pen("#00aa00").rect(20, 20, 40, 40);
    sheet.pen("#aa0000").rect(30, 30, 40, 40);
    expect(sheet.shapes().map((shape) => shape.fill)).toEqual(["#aa0000", "#00aa00", "#aa0000"]);
  });
});
