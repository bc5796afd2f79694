import { useEffect, useState, type RefObject } from "react";

const SHOWN_MS = 1600;

/** Whether somebody just tried to move the map with one finger, which scrolls the page. */
export function useTouchHint(holder: RefObject<HTMLElement | null>, isFullScreen = false): boolean {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const element = holder.current;
    if (!element || isFullScreen) return;
    let hiding: number | undefined;
    const touched = (event: TouchEvent) => {
      window.clearTimeout(hiding);
      setShown(event.touches.length === 1);
      hiding = window.setTimeout(() => setShown(false), SHOWN_MS);
    };
    element.addEventListener("touchmove", touched, { passive: true });
    return () => {
      window.clearTimeout(hiding);
      element.removeEventListener("touchmove", touched);
    };
  }, [holder, isFullScreen]);
  return isShown;
}
