import {
  Circle,
  CircleMarker,
  DivIcon,
  LayerGroup,
  Marker,
  Polygon,
  Polyline,
  svg,
  TileLayer,
  type Layer,
  type Map as LeafletMap,
} from "leaflet";

import type { BaseMap } from "./base";
import { gridStep, type Spot } from "./box";
import type { MapPin } from "./PlaceMap";
import { withoutOverlap } from "./thin";

/** The classes of the style sheet that a layer is drawn with. */
export type Styles = Readonly<Record<string, string | undefined>>;

const NAMES_FROM_ZOOM = 11;
const AREA_METERS = 380;

/** Tiles of a server somebody set up. */
export function drawTiles(map: LeafletMap, url: string): () => void {
  const tiles = new TileLayer(url, { maxZoom: 19 }).addTo(map);
  return () => {
    tiles.remove();
  };
}

/** The quiet base: a grid, the parts of town, and the water. It lies where tiles would. */
export function drawBase(map: LeafletMap, base: BaseMap, styles: Styles): () => void {
  const renderer = svg({ padding: 0.6, pane: "tilePane" });
  const still = { interactive: false, renderer } as const;
  const grid = new LayerGroup().addTo(map);
  const ground = new LayerGroup().addTo(map);
  for (const area of base.areas) {
    new Polygon(corners(area.outline), { ...still, className: styles.area, smoothFactor: 0.5 }).addTo(ground);
  }
  for (const water of base.water) {
    if (water.kind === "area") new Polygon(corners(water.points), { ...still, className: styles.water }).addTo(ground);
    else new Polyline(corners(water.points), { ...still, className: styles.stream }).addTo(ground);
  }
  const redraw = () => {
    fill(grid, gridLines(map, { ...still, className: styles.grid }));
  };
  redraw();
  map.on("moveend", redraw);
  return () => {
    map.off("moveend", redraw);
    grid.remove();
    ground.remove();
  };
}

/** Names of parts of town and waters, as many as there is room for beside the pins. */
export function drawNames(map: LeafletMap, base: BaseMap, pins: readonly MapPin[], styles: Styles): () => void {
  const names = new LayerGroup().addTo(map);
  const redraw = () => {
    fill(names, nameLayers(map, base, pins, styles));
  };
  redraw();
  map.on("moveend", redraw);
  return () => {
    map.off("moveend", redraw);
    names.remove();
  };
}

/** Quiet dots, drawn and not built, so that some hundreds cost nothing. */
export function drawDots(map: LeafletMap, dots: readonly Spot[], styles: Styles): () => void {
  const renderer = svg({ padding: 0.4 });
  const look = { radius: 3, interactive: false, renderer, className: styles.quietDot };
  const layer = new LayerGroup(dots.map((dot) => new CircleMarker(dot, look)));
  layer.addTo(map);
  return () => {
    layer.remove();
  };
}

/** Where a place is, more or less: its center is moved a little, so that it cannot be read off. */
export function drawArea(map: LeafletMap, { lat, lng }: Spot, styles: Styles): () => void {
  const center = { lat: Math.round(lat * 500) / 500, lng: Math.round(lng * 500) / 500 };
  const circle = new Circle(center, { radius: AREA_METERS, interactive: false, className: styles.around }).addTo(map);
  map.setView(center, 14, { animate: false });
  return () => {
    circle.remove();
  };
}

function corners(points: BaseMap["areas"][number]["outline"]): [number, number][] {
  return points.map(([lat, lng]) => [lat, lng]);
}

function fill(group: LayerGroup, layers: readonly Layer[]): void {
  group.clearLayers();
  for (const layer of layers) group.addLayer(layer);
}

function gridLines(map: LeafletMap, options: ConstructorParameters<typeof Polyline>[1]): Layer[] {
  const view = map.getBounds().pad(0.5);
  const [south, west, north, east] = [view.getSouth(), view.getWest(), view.getNorth(), view.getEast()];
  const step = gridStep((east - west) / 2);
  const lines: Layer[] = [];
  const line = (from: [number, number], to: [number, number]) => lines.push(new Polyline([from, to], options));
  for (let lng = Math.ceil(west / step) * step; lng < east; lng += step) line([south, lng], [north, lng]);
  for (let lat = Math.ceil(south / step) * step; lat < north; lat += step) line([lat, west], [lat, east]);
  return lines;
}

function nameLayers(map: LeafletMap, { areas, water }: BaseMap, pins: readonly MapPin[], styles: Styles): Layer[] {
  if (map.getZoom() < NAMES_FROM_ZOOM) return [];
  const view = map.getBounds().pad(0.1);
  const wanted = [
    ...areas.map(({ name, latitude, longitude }) => ({
      text: firstName(name),
      at: { lat: latitude, lng: longitude },
      className: styles.areaName,
    })),
    ...water.map(({ name, points }) => ({ text: name, at: middleOf(points), className: styles.waterName })),
  ].filter(({ text, at }) => text !== "" && view.contains(at));
  const shown = withoutOverlap([
    ...pins.map((pin) => ({ id: pin.id, ...pointOf(map, pin), halfW: 26, halfH: 14, isFirst: true })),
    ...wanted.map(({ text, at }) => ({ id: nameId(text), ...pointOf(map, at), ...nameSize(text) })),
  ]);
  return wanted
    .filter(({ text }) => shown.has(nameId(text)))
    .map(({ text, at, className }) => nameAt(text, at, className));
}

function pointOf(map: LeafletMap, spot: Spot): { x: number; y: number } {
  const { x, y } = map.latLngToLayerPoint(spot);
  return { x, y };
}

function nameId(text: string): string {
  return `name ${text}`;
}

/** Half of what a name takes: a long one is broken in two lines. */
function nameSize(text: string): { halfW: number; halfH: number } {
  return text.length > 20 ? { halfW: 82, halfH: 18 } : { halfW: text.length * 3.9 + 6, halfH: 10 };
}

function nameAt(text: string, at: Spot, className = ""): Layer {
  const label = document.createElement("span");
  label.textContent = text;
  label.setAttribute("aria-hidden", "true");
  const icon = new DivIcon({ html: label, className, iconSize: [0, 0] });
  return new Marker(at, { icon, interactive: false, keyboard: false, zIndexOffset: -10_000 });
}

/** `Capitol Hill` of `Capitol Hill, Lincoln Park`. */
function firstName(name: string): string {
  return name.split(",")[0]?.trim() ?? name;
}

function middleOf(points: BaseMap["water"][number]["points"]): Spot {
  const [lat = 0, lng = 0] = points[Math.floor(points.length / 2)] ?? [];
  return { lat, lng };
}
