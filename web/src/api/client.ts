import createClient from "openapi-fetch";

import { Problem } from "./problem";
import type { paths } from "./schema";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const CSRF_COOKIES = ["__Host-holdfast-csrf", "holdfast-csrf"];

let refreshing: Promise<boolean> | null = null;
let whenLoggedOut: () => void = () => undefined;

/** Told when the server no longer knows the session of this browser. */
export function onLoggedOut(listener: () => void): void {
  whenLoggedOut = listener;
}

/** Every path of the API, typed from `openapi.json`. Give what it answers to `ok`. */
export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

/**
 * The body of an answer.
 *
 * @throws Problem when the server refused, or could not be reached.
 */
export async function ok<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw new Problem(response.status, isRecord(error) ? error : {});
}

/** The CSRF token of this browser's session, from the cookie that scripts may read; null when nobody is logged in. */
function csrfToken(): string | null {
  for (const pair of document.cookie.split("; ")) {
    const [name, value] = pair.split("=", 2);
    if (name && value && CSRF_COOKIES.includes(name)) return decodeURIComponent(value);
  }
  return null;
}

/** Whether this browser has a session, or had one a moment ago. The server decides; this only spares a question. */
export function hasSession(): boolean {
  return csrfToken() !== null;
}

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const answer = await attempt(request);
  if (answer.status !== 401 || !hasSession() || new URL(request.url).pathname.startsWith("/v1/sessions")) return answer;
  refreshing ??= refresh().finally(() => (refreshing = null));
  if (await refreshing) return attempt(again);
  whenLoggedOut();
  return answer;
}

async function attempt(request: Request): Promise<Response> {
  const token = csrfToken();
  if (token && !READS.has(request.method)) request.headers.set("X-CSRF-Token", token);
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.offline();
  }
}

/** Carries the session on with the refresh cookie. Several tabs may do so at once: one of them is enough. */
async function refresh(): Promise<boolean> {
  const renew = async () => {
    const answer = await attempt(new Request("/v1/sessions/refresh", { method: "POST" }));
    if (answer.ok) return true;
    // Another tab may have been faster: then the cookies are new already.
    return (await attempt(new Request("/v1/sessions/current"))).ok;
  };
  if (!("locks" in navigator)) return renew();
  return navigator.locks.request("holdfast-refresh", renew) as Promise<boolean>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
