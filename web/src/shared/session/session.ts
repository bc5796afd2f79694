import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, hasSession, ok } from "~/api/client";
import { Problem } from "~/api/problem";
import type { Shape } from "~/api/types";

/** Who is logged in: the account; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: readMe,
  staleTime: 5 * 60_000,
});

export function useMe(): { me: Shape<"AccountOut"> | null; isPending: boolean } {
  const { data, isPending } = useQuery(meQuery);
  return { me: data ?? null, isPending };
}

/** What somebody may do here, for what the navigation shows. The server decides for itself. */
export function useRoles(): { isOwner: boolean; isOperator: boolean } {
  const { me } = useMe();
  return { isOwner: me?.role === "owner", isOperator: me?.role === "operator" || me?.role === "admin" };
}

/** Logs in with cookies no script can read. Fails with `second_factor_required` when a code is asked for besides. */
export function useLogIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (proof: Omit<Shape<"LogInIn">, "mode">) =>
      ok(api.POST("/v1/sessions", { body: { ...proof, mode: "cookie" } })),
    onSuccess: () => client.invalidateQueries(),
  });
}

/** Registers an account. The answer is the same whether the address was known or not. */
export function useRegister() {
  return useMutation({
    mutationFn: (account: Shape<"NewAccount">) => ok(api.POST("/v1/accounts", { body: account })),
  });
}

export function useLogOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ok(api.DELETE("/v1/sessions/current")),
    onSettled: () => {
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
    },
  });
}

async function readMe(): Promise<Shape<"AccountOut"> | null> {
  if (!hasSession()) return null;
  try {
    return await ok(api.GET("/v1/me"));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}
