import { Map as LeafletMap, type LatLngBoundsExpression } from "leaflet";
import { useCallback, useEffect, useEffectEvent, useRef, useState, type RefObject } from "react";

import { boxAround, type Box } from "./box";
import type { PlaceMapProps } from "./PlaceMap";

const RESTING_MS = 400;
const OURS_MS = 350;
const FIRST_ZOOM = 12;

interface Shown {
  map: LeafletMap | null;
  /** Moves to all pins. */
  fit: () => void;
  /** Where the user has moved the map to; null until they do. */
  moved: Box | null;
}

/** A Leaflet map in an element, that tells what people move and not what it moves itself. */
export function useLeaflet(holder: RefObject<HTMLDivElement | null>, props: PlaceMapProps): Shown {
  const [map, setMap] = useState<LeafletMap | null>(null);
  const [moved, setMoved] = useState<Box | null>(null);
  const isOurs = useRef(false);
  const { pins, isFullScreen = false, isQuiet = false, fitKey = "" } = props;

  const begin = useEffectEvent((made: LeafletMap) => {
    const { box, center } = props;
    if (center) made.setView(center, center.zoom ?? FIRST_ZOOM, { animate: false });
    else show(made, box ?? boxAround(pins), false);
  });

  useEffect(() => {
    if (!holder.current) return;
    const made = create(holder.current, isFullScreen, isQuiet);
    isOurs.current = true;
    begin(made);
    isOurs.current = false;
    let resting: number | undefined;
    made.on("moveend", () => {
      if (isOurs.current) return;
      window.clearTimeout(resting);
      resting = window.setTimeout(() => setMoved(boxOf(made)), RESTING_MS);
    });
    const seen = new ResizeObserver(() => byUs(isOurs, () => made.invalidateSize({ animate: false })));
    seen.observe(holder.current);
    setMap(made);
    return () => {
      window.clearTimeout(resting);
      seen.disconnect();
      setMap(null);
      made.remove();
    };
  }, [holder, isFullScreen, isQuiet]);

  const fitNow = useEffectEvent((shown: LeafletMap) => byUs(isOurs, () => show(shown, boxAround(pins), !isStill())));
  const fitted = useRef<string | null>(null);
  const hasPins = pins.length > 0;
  useEffect(() => {
    if (!map || !hasPins || fitted.current === fitKey) return;
    // The first time it stays where it began, if that was asked for.
    if (fitted.current !== null || !(props.box ?? props.center)) fitNow(map);
    fitted.current = fitKey;
  }, [map, hasPins, fitKey, props.box, props.center]);

  const fit = useCallback(() => {
    if (map) show(map, boxAround(pins), !isStill());
  }, [map, pins]);
  return { map, fit, moved };
}

function create(holder: HTMLElement, isFullScreen: boolean, isQuiet: boolean): LeafletMap {
  const isMoving = !isStill();
  const isTouch = window.matchMedia("(hover: none) and (pointer: coarse)").matches;
  return new LeafletMap(holder, {
    attributionControl: false,
    zoomControl: false,
    // One finger scrolls the page, as everywhere else on it; two move and zoom the map.
    dragging: isFullScreen || !isTouch,
    scrollWheelZoom: !isQuiet,
    zoomAnimation: isMoving,
    fadeAnimation: isMoving,
    markerZoomAnimation: isMoving,
    inertia: isMoving,
    zoomSnap: 0.5,
    minZoom: 2,
    maxZoom: 18,
  });
}

function show(map: LeafletMap, box: Box | null, animate: boolean): void {
  if (!box) {
    if (!hasView(map)) map.setView([38.9, -77.03], FIRST_ZOOM, { animate: false });
    return;
  }
  const bounds: LatLngBoundsExpression = [
    [box.south, box.west],
    [box.north, box.east],
  ];
  map.fitBounds(bounds, { padding: [48, 48], maxZoom: 15, animate });
}

/** Leaflet has no question for it: asked where it is before it was told, it throws. */
function hasView(map: LeafletMap): boolean {
  try {
    return Boolean(map.getCenter());
  } catch {
    return false;
  }
}

function byUs(isOurs: RefObject<boolean>, move: () => void): void {
  isOurs.current = true;
  move();
  // An animated move ends later; whatever ends within this time was ours.
  window.setTimeout(() => (isOurs.current = false), OURS_MS);
}

function boxOf(map: LeafletMap): Box {
  const bounds = map.getBounds();
  return { south: bounds.getSouth(), west: bounds.getWest(), north: bounds.getNorth(), east: bounds.getEast() };
}

function isStill(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
