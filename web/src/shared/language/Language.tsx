import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nProvider } from "react-aria-components";

import { formatOf, type Format } from "~/lib/format";
import { localeOf, preferred, LANGUAGES, type Catalog, type Language, type Messages } from "~/lib/language";

interface Spoken {
  language: Language;
  format: Format;
  speak: (language: Language) => void;
}

const KEPT = "holdfast.language";
const Context = createContext<Spoken | null>(null);

/** Says in which language and locale everything below is; kept in this browser. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initial);
  const spoken = useMemo(() => {
    const locale = localeOf(language, navigator.languages);
    return {
      language,
      format: formatOf(locale),
      speak: (next: Language) => {
        localStorage.setItem(KEPT, next);
        setLanguage(next);
      },
    };
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <Context value={spoken}>
      <I18nProvider locale={spoken.format.locale}>{children}</I18nProvider>
    </Context>
  );
}

/** The language everything is in, and how to change it. */
export function useLanguage(): Spoken {
  const spoken = use(Context);
  if (!spoken) throw new Error("useLanguage outside LanguageProvider");
  return spoken;
}

/** The texts of a catalog in the language of the page. */
export function useMessages<M extends Messages>(messages: Catalog<M>) {
  return messages[useLanguage().language];
}

/** Money, days and numbers as the locale of the page writes them. */
export function useFormat(): Format {
  return useLanguage().format;
}

function initial(): Language {
  const kept = localStorage.getItem(KEPT);
  return LANGUAGES.find((each) => each === kept) ?? preferred(navigator.languages);
}
