import { clsx } from "clsx";
import { lazy, Suspense } from "react";

import { useMessages } from "~/shared/language/Language";

import type { Box, Spot } from "./box";
import { messages } from "./messages";
import styles from "./PlaceMap.module.css";

const MapView = lazy(() => import("./MapView"));

/** What stands on a map. */
export interface MapPin extends Spot {
  id: string;
  /** What the pin shows: a price, or a name. */
  label: string;
  /** What it is, for who hears it: the name of the home. The label is said after it. */
  name?: string;
  isActive?: boolean;
}

/**
 * A map with pins that are buttons, on a base of our own, or on tiles where the server names some.
 *
 * It is as large as what it stands in. It moves to all pins when it is shown, and again when `fitKey` changes; what the user
 * moves is told by `onMove`, and never undone by new pins.
 */
export function PlaceMap(props: PlaceMapProps) {
  const t = useMessages(messages);
  return (
    <section className={clsx(styles.frame, props.className)} aria-label={props.label ?? t.map}>
      <Suspense fallback={<div className={styles.waiting} />}>
        <MapView {...props} />
      </Suspense>
    </section>
  );
}

export interface PlaceMapProps {
  pins: readonly MapPin[];
  onPinPress?: (id: string) => void;
  /** A pin is pointed at or focused; null when it is not any more. */
  onPinHover?: (id: string | null) => void;
  /** Quiet dots beside the pins: what is not on this page of the results. */
  dots?: readonly Spot[];
  /** Where the user has moved to, once they rest. With it the map offers “Search as I move the map”. */
  onMove?: (box: Box) => void;
  /** Where to begin instead of around all pins. */
  box?: Box | null;
  center?: Spot & { zoom?: number };
  fitKey?: string;
  /** One place on its own page: an area instead of a pin, because the address is told with the booking only. */
  isQuiet?: boolean;
  /** Fills the screen: then one finger moves the map. Otherwise it scrolls the page. */
  isFullScreen?: boolean;
  /** What the map is of, for who hears it. */
  label?: string;
  className?: string;
}
