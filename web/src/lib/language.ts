/** The languages the application speaks. */
export const LANGUAGES = ["en", "es"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What one language says: a text, or a function that puts values into one. */
export type Messages = Readonly<Record<string, string | ((...values: never[]) => string)>>;

/** The same keys, and functions of the same values, in another language. */
type Translated<M extends Messages> = {
  readonly [K in keyof M]: M[K] extends (...values: infer V) => string ? (...values: V) => string : string;
};

export type Catalog<M extends Messages> = Readonly<Record<Language, Translated<M>>>;

/** A set of messages in every language. What one language lacks is an error of the compiler. */
export function catalog<const M extends Messages>(en: M, es: Translated<M>): Catalog<M> {
  return { en: en as Translated<M>, es };
}

const rules = new Map<Language, Intl.PluralRules>();

/** Chooses by a count: `plural("en", nights, "night", "nights")`. English and Spanish both have two forms that matter. */
export function plural(language: Language, count: number, one: string, other: string): string {
  let rule = rules.get(language);
  if (!rule) rules.set(language, (rule = new Intl.PluralRules(language)));
  return rule.select(count) === "one" ? one : other;
}

/** The first of a browser's languages that we speak, or English. */
export function preferred(languages: readonly string[]): Language {
  for (const wanted of languages) {
    const found = LANGUAGES.find((ours) => wanted.toLowerCase().split("-")[0] === ours);
    if (found) return found;
  }
  return "en";
}

/** The locale that dates and numbers are formatted in: the browser's own region of the language, where it names one. */
export function localeOf(language: Language, languages: readonly string[]): string {
  return languages.find((each) => each.toLowerCase().startsWith(`${language}-`)) ?? { en: "en-US", es: "es-US" }[language];
}
