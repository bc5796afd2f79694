import { useMessages } from "~/shared/language/Language";
import { Button } from "~/ui/Button";
import { EmptyState } from "~/ui/EmptyState";

import { messages } from "./messages";

/** What a page shows that could not be loaded or drawn: after an update of the server its files may have other names. */
export function RouteError() {
  const t = useMessages(messages);
  const reload = () => {
    window.location.reload();
  };
  return (
    <EmptyState title={t.failed} action={<Button onPress={reload}>{t.reload}</Button>}>
      {t.failedText}
    </EmptyState>
  );
}
