import { onlineManager } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";

import { useMessages } from "~/shared/language/Language";
import { toast } from "~/ui/toast";

import { messages } from "./messages";
import styles from "./Shell.module.css";

/** Says when the connection is lost, for as long as it is, and when it is back. */
export function Connection() {
  const t = useMessages(messages);
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  const wasOnline = useRef(isOnline);
  useEffect(() => {
    if (isOnline && !wasOnline.current) toast(t.online, { tone: "good" });
    wasOnline.current = isOnline;
  }, [isOnline, t]);
  return (
    <div role="status" className={styles.connection} data-lost={!isOnline}>
      {isOnline ? null : t.offline}
    </div>
  );
}
