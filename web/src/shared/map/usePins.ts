import { DivIcon, Marker, type Map as LeafletMap } from "leaflet";
import { useEffect, useRef, useState } from "react";

import type { MapPin } from "./PlaceMap";
import { withoutOverlap } from "./thin";

interface Placed {
  pin: MapPin;
  /** What Leaflet moves about; a button goes into it. */
  element: HTMLElement;
  /** Too close to others for its label. */
  isDot: boolean;
}

interface Kept {
  marker: Marker;
  element: HTMLElement;
}

/** Puts an element on the map for each pin, in the order of the pins, and says which have room for their label. */
export function usePins(map: LeafletMap | null, pins: readonly MapPin[]): Placed[] {
  const [placed, setPlaced] = useState<Placed[]>([]);
  const kept = useRef(new Map<string, Kept>());

  useEffect(() => {
    if (!map) return;
    const all = kept.current;
    const ids = new Set(pins.map((pin) => pin.id));
    for (const [id, { marker }] of all) {
      if (!ids.has(id)) {
        marker.remove();
        all.delete(id);
      }
    }
    for (const pin of pins) {
      const known = all.get(pin.id) ?? place(map, pin);
      known.marker.setLatLng(pin).setZIndexOffset(pin.isActive ? 10_000 : 0);
      all.set(pin.id, known);
    }
    const thin = () => setPlaced(thinned(map, pins, all));
    thin();
    map.on("zoomend", thin);
    return () => {
      map.off("zoomend", thin);
    };
  }, [map, pins]);

  useEffect(() => {
    const all = kept.current;
    return () => {
      all.clear();
      setPlaced([]);
    };
  }, [map]);
  return placed;
}

function place(map: LeafletMap, pin: MapPin): Kept {
  const element = document.createElement("div");
  const icon = new DivIcon({ html: element, className: "", iconSize: [0, 0] });
  // The button inside takes presses and keys; for Leaflet it is only something that stands there.
  const marker = new Marker(pin, { icon, interactive: false, keyboard: false }).addTo(map);
  return { marker, element };
}

function thinned(map: LeafletMap, pins: readonly MapPin[], all: ReadonlyMap<string, Kept>): Placed[] {
  const shown = withoutOverlap(
    pins.map((pin) => {
      const { x, y } = map.latLngToLayerPoint(pin);
      return { id: pin.id, x, y, halfW: 14 + pin.label.length * 4.2, halfH: 17, isFirst: pin.isActive };
    }),
  );
  return pins.flatMap((pin) => {
    const element = all.get(pin.id)?.element;
    return element ? [{ pin, element, isDot: !shown.has(pin.id) }] : [];
  });
}
