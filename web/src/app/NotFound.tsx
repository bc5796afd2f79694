import { useMessages } from "~/shared/language/Language";
import { ButtonLink } from "~/ui/Button";
import { EmptyState } from "~/ui/EmptyState";

import { messages } from "./messages";

/** What an address shows that nothing answers to. */
export function NotFound() {
  const t = useMessages(messages);
  return (
    <EmptyState title={t.notFound} action={<ButtonLink to="/">{t.home}</ButtonLink>}>
      {t.notFoundText}
    </EmptyState>
  );
}
