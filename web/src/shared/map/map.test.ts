import { describe, expect, it } from "vitest";

import { boxAround, boxText, gridStep, parseBox } from "./box";
import { withoutOverlap } from "./thin";

describe("A box", () => {
  it("is written as the search takes it and read back", () => {
    const box = { south: 38.8, west: -77.123456789, north: 38.99, east: -76.9 };
    expect(boxText(box)).toBe("38.8,-77.12346,38.99,-76.9");
    expect(parseBox(boxText(box))).toEqual({ ...box, west: -77.12346 });
  });

  it.each(["", "1,2,3", "a,b,c,d", "1,2,,4", "50,0,40,1", "0,-181,1,0", "-91,0,1,1", "1,2,3,4,5"])(
    "is not made of “%s”",
    (text) => {
      expect(parseBox(text)).toBeNull();
    },
  );

  it("may cross the date line", () => {
    expect(parseBox("-10,170,10,-170")).toEqual({ south: -10, west: 170, north: 10, east: -170 });
  });

  it("lies around its spots, and around none there is none", () => {
    const spots = [
      { lat: 1, lng: 5 },
      { lat: 3, lng: -2 },
    ];
    expect(boxAround(spots)).toEqual({ south: 1, west: -2, north: 3, east: 5 });
    expect(boxAround([])).toBeNull();
  });
});

describe("A grid", () => {
  it.each([0.01, 0.08, 0.4, 3, 60, 360])("has a handful of lines over %d degrees", (width) => {
    const lines = width / gridStep(width);
    expect(lines).toBeLessThanOrEqual(8);
    expect(lines).toBeGreaterThan(1);
  });
});

describe("Thinning", () => {
  const pin = (id: string, x: number, y: number, isFirst = false) => ({ id, x, y, halfW: 20, halfH: 10, isFirst });

  it("shows what lies apart", () => {
    expect(withoutOverlap([pin("a", 0, 0), pin("b", 60, 0), pin("c", 0, 40)])).toEqual(new Set(["a", "b", "c"]));
  });

  it("lets the first of two that cover each other win", () => {
    expect(withoutOverlap([pin("a", 0, 0), pin("b", 30, 5)])).toEqual(new Set(["a"]));
  });

  it("shows the chosen one whatever it covers, and thins around it", () => {
    expect(withoutOverlap([pin("a", 0, 0), pin("b", 30, 5, true), pin("c", 90, 0)])).toEqual(new Set(["b", "c"]));
  });

  it("sees neighbors over the edge of its cells", () => {
    expect(withoutOverlap([pin("a", 63, 63), pin("b", 65, 65)])).toEqual(new Set(["a"]));
  });
});
