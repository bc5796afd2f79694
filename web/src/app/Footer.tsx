import { Link } from "react-router";

import { useMessages } from "~/shared/language/Language";

import { messages } from "./messages";
import styles from "./Shell.module.css";

export function Footer() {
  const t = useMessages(messages);
  return (
    <footer className={styles.footer}>
      <div className={styles.footerInner}>
        <p className={styles.promise}>{t.promise}</p>
        <ul className={styles.footerLinks}>
          <li>
            <Link to="/operator/integrity">{t.proof}</Link>
          </li>
          <li>
            <a href="/privacy">{t.privacy}</a>
          </li>
          <li>
            <a href="/docs">{t.api}</a>
          </li>
        </ul>
        <p className={styles.small}>{t.demoData}</p>
      </div>
    </footer>
  );
}
