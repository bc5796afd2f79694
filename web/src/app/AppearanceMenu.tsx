import { useEffect, useState } from "react";

import { LANGUAGES, type Language } from "~/lib/language";
import { useLanguage, useMessages } from "~/shared/language/Language";
import { Button } from "~/ui/Button";
import { Icon } from "~/ui/Icon";
import { Popover } from "~/ui/Popover";
import { Segmented } from "~/ui/Segmented";
import { Stack } from "~/ui/Stack";

import { messages } from "./messages";

const KEPT = "holdfast.theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** Each language by its own name, so that whoever cannot read the page finds theirs. */
const NAMES: Record<Language, string> = { en: "English", es: "Español" };

/** Language, and light or dark. Both are kept in this browser. */
export function AppearanceMenu() {
  const t = useMessages(messages);
  const { language, speak } = useLanguage();
  const [theme, setTheme] = useState<Theme>(initial);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem(KEPT, theme);
  }, [theme]);
  const label = `${t.language}, ${t.appearance}`;
  return (
    <Popover
      label={label}
      trigger={
        <Button look="quiet" size="small" aria-label={label}>
          <Icon name="globe" />
          <span aria-hidden>{language.toUpperCase()}</span>
        </Button>
      }
    >
      <Stack gap={4}>
        <Segmented
          label={t.language}
          value={language}
          onChange={speak}
          options={LANGUAGES.map((value) => ({ value, label: NAMES[value] }))}
        />
        <Segmented
          label={t.appearance}
          value={theme}
          onChange={setTheme}
          options={THEMES.map((value) => ({ value, label: t[value] }))}
        />
      </Stack>
    </Popover>
  );
}

function initial(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((each) => each === kept) ?? "system";
}
