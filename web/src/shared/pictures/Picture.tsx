import { clsx } from "clsx";
import { lazy, memo, Suspense } from "react";

import styles from "./Picture.module.css";
import type { Kind } from "./scene";

const Drawing = lazy(() => import("./Drawing"));

/**
 * An illustration that is drawn here, always the same for the same seed.
 *
 * It stands where a photograph would, and only decorates: give `alt` where it says something that the text beside it does not.
 */
export const Picture = memo(function Picture({ className, ratio = 4 / 3, ...subject }: PictureProps) {
  return (
    <div className={clsx(styles.picture, className)} style={{ aspectRatio: ratio }}>
      <Suspense fallback={null}>
        <Drawing {...subject} ratio={ratio} />
      </Suspense>
    </div>
  );
});

export interface PictureProps {
  kind: Kind;
  /** The id of what is shown. */
  seed: number | string;
  /**
   * What sort it is: of a home its kind or name ("Two-bedroom townhouse ..."), of a room `living`, `bedroom`, `kitchen`, `bath`
   * or `street`, of restaurants and dishes a cuisine.
   */
  variant?: string;
  /** The neighborhood of a home or a restaurant; the city of a skyline. */
  place?: string;
  alt?: string;
  /** Width to height. What it stands in may be of another shape: then the picture fills it. */
  ratio?: number;
  className?: string;
}
