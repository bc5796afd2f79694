import { Suspense } from "react";
import { Outlet, ScrollRestoration, useNavigation } from "react-router";

import { useMessages } from "~/shared/language/Language";
import { Toasts } from "~/ui/toast";

import { Connection } from "./Connection";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { messages } from "./messages";
import styles from "./Shell.module.css";

/** What stands around every page: the way past the navigation, header, footer, and what is said in passing. */
export function Shell() {
  const t = useMessages(messages);
  const isLoading = useNavigation().state === "loading";
  return (
    <>
      <a className={styles.skip} href="#content">
        {t.skip}
      </a>
      <Header />
      <Connection />
      <main id="content" className={styles.main} tabIndex={-1} aria-busy={isLoading}>
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
      <Footer />
      <Toasts />
      <ScrollRestoration />
    </>
  );
}
