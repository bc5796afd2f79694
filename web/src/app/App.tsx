import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";

import { onLoggedOut } from "~/api/client";
import { isPassing } from "~/api/problem";
import { LanguageProvider } from "~/shared/language/Language";
import { meQuery } from "~/shared/session/session";

import { router } from "./routes";

const MOST_RETRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 30_000, retry: (count, error) => count < MOST_RETRIES && isPassing(error) },
    // A change is sent again by whoever sent it, with the same key, never behind their back.
    mutations: { retry: false },
  },
});

onLoggedOut(() => client.setQueryData(meQuery.queryKey, null));

/** The whole application. */
export function App() {
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <RouterProvider router={router} />
      </LanguageProvider>
    </QueryClientProvider>
  );
}
