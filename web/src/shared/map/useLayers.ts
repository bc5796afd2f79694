import { useQuery } from "@tanstack/react-query";
import type { Map as LeafletMap } from "leaflet";
import { useEffect } from "react";

import { baseQuery, mapConfigQuery } from "./base";
import { drawArea, drawBase, drawDots, drawNames, drawTiles, type Styles } from "./layers";
import type { PlaceMapProps } from "./PlaceMap";

/** Draws what lies under the pins. Who has to be named for the tiles, or null where the base is our own. */
export function useLayers(
  map: LeafletMap | null,
  { pins, dots, isQuiet }: PlaceMapProps,
  styles: Styles,
): string | null {
  const { data: config } = useQuery(mapConfigQuery);
  const tiles = config?.tile_url;
  const { data: base } = useQuery({ ...baseQuery, enabled: config !== undefined && !tiles });
  const [one] = pins;
  useEffect(() => (map && tiles ? drawTiles(map, tiles) : undefined), [map, tiles]);
  useEffect(() => (map && base ? drawBase(map, base, styles) : undefined), [map, base, styles]);
  useEffect(() => (map && base ? drawNames(map, base, pins, styles) : undefined), [map, base, pins, styles]);
  useEffect(() => (map && dots ? drawDots(map, dots, styles) : undefined), [map, dots, styles]);
  useEffect(() => (map && isQuiet && one ? drawArea(map, one, styles) : undefined), [map, isQuiet, one, styles]);
  // Attributions are written for Leaflet, as HTML; here they are text.
  return tiles ? (config.tile_attribution ?? "").replaceAll(/<[^>]*>/g, "") : null;
}
