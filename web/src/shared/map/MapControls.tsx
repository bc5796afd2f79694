import type { Map as LeafletMap } from "leaflet";

import { useMessages } from "~/shared/language/Language";

import styles from "./MapControls.module.css";
import { messages } from "./messages";

/** What lies over the map: zoom, all results, and whether moving it searches. */
export function MapControls({ map, onFit, isFollowing, onFollow, onSearchHere }: MapControlsProps) {
  const t = useMessages(messages);
  return (
    <>
      <div className={styles.zoom}>
        <button type="button" className={styles.button} aria-label={t.zoomIn} onClick={() => map?.zoomIn(1)}>
          <Glyph d="M10 4v12M4 10h12" />
        </button>
        <button type="button" className={styles.button} aria-label={t.zoomOut} onClick={() => map?.zoomOut(1)}>
          <Glyph d="M4 10h12" />
        </button>
        {onFit && (
          <button type="button" className={styles.button} aria-label={t.fit} onClick={onFit}>
            <Glyph d="M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4" />
          </button>
        )}
      </div>
      {onFollow && (
        <div className={styles.search}>
          {onSearchHere && (
            <button type="button" className={styles.here} onClick={onSearchHere}>
              {t.searchHere}
            </button>
          )}
          <label className={styles.follow}>
            <input type="checkbox" checked={isFollowing} onChange={(event) => onFollow(event.target.checked)} />
            {t.moveToSearch}
          </label>
        </div>
      )}
    </>
  );
}

function Glyph({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden>
      <path d={d} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

interface MapControlsProps {
  map: LeafletMap | null;
  onFit?: () => void;
  isFollowing: boolean;
  onFollow?: (isFollowing: boolean) => void;
  /** There when the map was moved and does not search by itself. */
  onSearchHere?: () => void;
}
