import { clsx } from "clsx";
import type { ReactNode } from "react";

import styles from "./Clasp.module.css";

/**
 * The brackets that close around what is yours: `chosen` in kelp, `held` in a buoy's orange; `open` shows none.
 *
 * They only show: whatever they mean has to be said in words as well.
 */
export function Clasp({ state, className, children }: ClaspProps) {
  return (
    <div className={clsx(styles.clasp, state !== "open" && styles.closed, state === "held" && styles.held, className)}>
      {children}
    </div>
  );
}

interface ClaspProps {
  state: "open" | "chosen" | "held";
  className?: string;
  children: ReactNode;
}
