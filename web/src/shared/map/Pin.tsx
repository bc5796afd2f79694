import { clsx } from "clsx";

import styles from "./Pin.module.css";
import type { MapPin } from "./PlaceMap";

/** A pin: a button with its price, or a dot where there is no room for one. Its name is spoken either way. */
export function Pin({ pin, isDot, onPress, onHover }: PinProps) {
  const { id, label, name, isActive = false } = pin;
  return (
    <button
      type="button"
      className={clsx(styles.pin, isDot && styles.dot, isActive && styles.active)}
      aria-label={name ? `${name}, ${label}` : label}
      aria-pressed={isActive}
      onClick={() => onPress?.(id)}
      onPointerEnter={() => onHover?.(id)}
      onPointerLeave={() => onHover?.(null)}
      onFocus={() => onHover?.(id)}
      onBlur={() => onHover?.(null)}
    >
      <span className={styles.label}>{isDot ? "" : label}</span>
    </button>
  );
}

interface PinProps {
  pin: MapPin;
  isDot: boolean;
  onPress?: (id: string) => void;
  onHover?: (id: string | null) => void;
}
