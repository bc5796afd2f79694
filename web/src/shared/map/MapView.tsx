import "leaflet/dist/leaflet.css";

import { useEffect, useId, useRef, useState } from "react";
import { createPortal } from "react-dom";

import { useMessages } from "~/shared/language/Language";

import { MapControls } from "./MapControls";
import styles from "./MapView.module.css";
import { messages } from "./messages";
import { Pin } from "./Pin";
import type { PlaceMapProps } from "./PlaceMap";
import { useLayers } from "./useLayers";
import { useLeaflet } from "./useLeaflet";
import { usePins } from "./usePins";
import { useTouchHint } from "./useTouchHint";

const NO_PINS: PlaceMapProps["pins"] = [];

/** The map itself, in a file of its own with Leaflet. */
export default function MapView(props: PlaceMapProps) {
  const t = useMessages(messages);
  const { pins, onMove, isQuiet = false } = props;
  const hint = useId();
  const holder = useRef<HTMLDivElement>(null);
  const { map, fit, moved } = useLeaflet(holder, props);
  const placed = usePins(map, isQuiet ? NO_PINS : pins);
  const [isFollowing, setFollowing] = useState(true);
  const credit = useLayers(map, props, styles);
  const isTouched = useTouchHint(holder, props.isFullScreen);

  useEffect(() => {
    if (moved && isFollowing) onMove?.(moved);
  }, [moved, isFollowing, onMove]);

  return (
    <>
      <div ref={holder} className={styles.map} aria-describedby={hint} />
      <p id={hint} hidden>
        {t.keys}
      </p>
      {placed.map(({ pin, element, isDot }) =>
        createPortal(
          <Pin pin={pin} isDot={isDot} onPress={props.onPinPress} onHover={props.onPinHover} />,
          element,
          pin.id,
        ),
      )}
      <MapControls
        map={map}
        onFit={pins.length > 1 ? fit : undefined}
        isFollowing={isFollowing}
        onFollow={onMove && setFollowing}
        onSearchHere={onMove && moved && !isFollowing ? () => onMove(moved) : undefined}
      />
      {isQuiet && <p className={styles.about}>{t.about}</p>}
      <p className={styles.own}>{credit ?? t.own}</p>
      {isTouched && <p className={styles.touch}>{t.twoFingers}</p>}
    </>
  );
}
