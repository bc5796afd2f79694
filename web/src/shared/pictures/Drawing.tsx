import { memo } from "react";

import { sceneOf, type Kind } from "./scene";

/** The drawing itself, in a file of its own that is loaded with the first picture. */
export default memo(function Drawing({ kind, seed, variant = "", place = "", alt = "", ratio }: DrawingProps) {
  const { w, h, shapes } = sceneOf({ kind, seed, variant, place, ratio });
  const spoken = alt === "" ? { "aria-hidden": true } : { role: "img", "aria-label": alt };
  return (
    <svg viewBox={`0 0 ${w} ${h}`} preserveAspectRatio="xMidYMid slice" focusable="false" {...spoken}>
      {shapes.map(({ fill, d, opacity, line }, at) =>
        line ? (
          <path
            key={at}
            d={d}
            fill="none"
            stroke={fill}
            strokeWidth={line}
            strokeLinecap="round"
            strokeLinejoin="round"
            opacity={opacity}
          />
        ) : (
          <path key={at} d={d} fill={fill} opacity={opacity} />
        ),
      )}
    </svg>
  );
});

interface DrawingProps {
  kind: Kind;
  seed: number | string;
  variant?: string;
  place?: string;
  alt?: string;
  ratio: number;
}
