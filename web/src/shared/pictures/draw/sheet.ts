/** A flat shape of one color. The only thing a picture is made of. */
export interface Shape {
  fill: string;
  d: string;
  opacity?: number;
  /** Drawn as a line of this width instead of a plane. */
  line?: number;
}

/** Left, top, right, bottom. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];
const NOWHERE: Box = [Infinity, Infinity, -Infinity, -Infinity];
const EVERYWHERE: Box = [-Infinity, -Infinity, Infinity, Infinity];

export type Point = readonly [x: number, y: number];

/**
 * Everything of one color in one plane, as a single path.
 *
 * All outlines run clockwise, so that pieces which overlap stay one plane instead of cutting holes into each other.
 */
export class Pen {
  readonly pieces: string[] = [];
  box: Box = NOWHERE;

  constructor(
    readonly fill: string,
    readonly opacity?: number,
    readonly line?: number,
  ) {}

  /** Anything else, as SVG writes it. Where it lies is not known, so it stays a shape of its own unless `box` says it. */
  path(d: string, box: Box = EVERYWHERE): this {
    this.pieces.push(d);
    this.box = around(this.box, box);
    return this;
  }

  rect(x: number, y: number, w: number, h: number): this {
    return this.path(`M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z`, [x, y, x + w, y + h]);
  }

  /** A plate with round corners. */
  plate(x: number, y: number, w: number, h: number, r: number): this {
    const c = Math.min(r, w / 2, h / 2);
    const arc = (dx: number, dy: number) => `a${n(c)} ${n(c)} 0 0 1 ${n(dx)} ${n(dy)}`;
    return this.path(
      `M${n(x + c)} ${n(y)}h${n(w - 2 * c)}${arc(c, c)}v${n(h - 2 * c)}${arc(-c, c)}h${n(2 * c - w)}${arc(-c, -c)}v${n(2 * c - h)}${arc(c, -c)}z`,
      [x, y, x + w, y + h],
    );
  }

  /** A rectangle with a round head, as of a window or a door. */
  arch(x: number, y: number, w: number, h: number, rise = w / 2): this {
    return this.path(`M${n(x)} ${n(y + rise)}a${n(w / 2)} ${n(rise)} 0 0 1 ${n(w)} 0v${n(h - rise)}h${n(-w)}z`, [
      x,
      y,
      x + w,
      y + h,
    ]);
  }

  circle(x: number, y: number, r: number): this {
    return this.oval(x, y, r, r);
  }

  oval(x: number, y: number, rx: number, ry: number): this {
    const half = (dx: number) => `a${n(rx)} ${n(ry)} 0 0 1 ${n(dx)} 0`;
    return this.path(`M${n(x - rx)} ${n(y)}${half(2 * rx)}${half(-2 * rx)}z`, [x - rx, y - ry, x + rx, y + ry]);
  }

  /** The upper half of an oval that stands on `y`. */
  dome(x: number, y: number, rx: number, ry: number): this {
    const tall = Math.abs(ry);
    return this.path(`M${n(x - rx)} ${n(y)}a${n(rx)} ${n(ry)} 0 0 1 ${n(2 * rx)} 0z`, [
      x - rx,
      y - tall,
      x + rx,
      y + tall,
    ]);
  }

  poly(...points: Point[]): this {
    const turning = area(points) < 0 ? [...points].reverse() : points;
    return this.path(`M${turning.map(([x, y]) => `${n(x)} ${n(y)}`).join("L")}z`, boxOf(points));
  }

  /** A line through points, for a pen that has a width. */
  through(...points: Point[]): this {
    return this.path(`M${points.map(([x, y]) => `${n(x)} ${n(y)}`).join("L")}`, boxOf(points));
  }
}

/** What a picture is drawn on: pens lie over each other in the order in which they were taken. */
export class Sheet {
  private readonly pens: Pen[] = [];

  constructor(
    readonly w: number,
    readonly h: number,
  ) {}

  pen(fill: string, opacity?: number): Pen {
    const pen = new Pen(fill, opacity);
    this.pens.push(pen);
    return pen;
  }

  line(color: string, width: number, opacity?: number): Pen {
    const pen = new Pen(color, opacity, width);
    this.pens.push(pen);
    return pen;
  }

  /**
   * What was drawn. Pens that were taken and not used leave nothing, and a plane joins an earlier one of its color where nothing
   * between the two would be covered by it: forty pictures on a page stay cheap.
   */
  shapes(): Shape[] {
    const planes: Plane[] = [];
    for (const pen of this.pens) {
      if (pen.pieces.length === 0) continue;
      const over = planes.findLastIndex((plane) => plane.pens.some((other) => touches(pen, other)));
      const under = planes.find(({ pens: [first] }, at) => at >= over && isAlike(pen, first));
      if (under) under.pens.push(pen);
      else planes.splice(over + 1, 0, { pens: [pen] });
    }
    return planes.map(({ pens }) => {
      const { fill, opacity, line } = pens[0];
      return { fill, opacity, line, d: pens.flatMap((pen) => pen.pieces).join("") };
    });
  }
}

/** Pens that became one shape. */
interface Plane {
  pens: [Pen, ...Pen[]];
}

function isAlike(a: Pen, b: Pen): boolean {
  return a.fill === b.fill && a.opacity === b.opacity && a.line === b.line;
}

function touches(a: Pen, b: Pen): boolean {
  const room = ((a.line ?? 0) + (b.line ?? 0)) / 2;
  const [left, top, right, bottom] = a.box;
  return left < b.box[2] + room && b.box[0] < right + room && top < b.box[3] + room && b.box[1] < bottom + room;
}

function around(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

function boxOf(points: readonly Point[]): Box {
  return points.reduce<Box>((box, [x, y]) => around(box, [x, y, x, y]), NOWHERE);
}

/** A tenth of a unit is finer than a screen shows. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Twice the area; positive when the points run clockwise on a screen. */
function area(points: readonly Point[]): number {
  return points.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
}
