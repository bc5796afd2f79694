import { Link, NavLink } from "react-router";

import { useBasket } from "~/shared/basket/basket";
import { useMessages } from "~/shared/language/Language";
import { useMe } from "~/shared/session/session";
import { ButtonLink } from "~/ui/Button";
import { Icon } from "~/ui/Icon";

import { AccountMenu } from "./AccountMenu";
import { AppearanceMenu } from "./AppearanceMenu";
import { messages } from "./messages";
import styles from "./Header.module.css";

/** The way to everything: what can be searched, the trip, who is logged in, language and appearance. */
export function Header() {
  const t = useMessages(messages);
  const { me, isPending } = useMe();
  return (
    <header className={styles.header}>
      <div className={styles.inner}>
        <Link to="/" className={styles.mark} aria-label="Holdfast">
          <img src="/mark.svg" alt="" width="34" height="34" />
          <span className={styles.name}>Holdfast</span>
        </Link>
        <nav aria-label={t.mainNavigation} className={styles.kinds}>
          {(["stays", "dining", "flights"] as const).map((kind) => (
            <NavLink key={kind} to={`/${kind}`} className={styles.kind}>
              {t[kind]}
            </NavLink>
          ))}
        </nav>
        <div className={styles.own}>
          <TripLink />
          <AppearanceMenu />
          {me ? <AccountMenu me={me} /> : isPending ? null : <LogInLink />}
        </div>
      </div>
    </header>
  );
}

function TripLink() {
  const t = useMessages(messages);
  const count = useBasket().length;
  return (
    <Link to="/trip" className={styles.trip} aria-label={count > 0 ? t.tripWith(count) : t.trip}>
      <Icon name="bag" />
      <span className={styles.tripText}>{t.trip}</span>
      {count > 0 && (
        <span className={styles.count} key={count} aria-hidden>
          {count}
        </span>
      )}
    </Link>
  );
}

function LogInLink() {
  const t = useMessages(messages);
  return (
    <ButtonLink to="/login" size="small">
      {t.logIn}
    </ButtonLink>
  );
}
