/** One field of a request that was wrong, as the API names it. */
export interface FieldProblem {
  /** A JSON pointer into the request: `/email`, `/items/0/guests`. */
  pointer: string;
  /** Stable, as the error reference lists it. */
  code: string;
  /** For people, in English. */
  detail: string;
}

/**
 * Why the server refused (problem+json), or why it could not be asked.
 *
 * Decide by `code`, which is stable and listed in the error reference. `code` is `offline` when no answer came at all:
 * whether the request had an effect is then unknown, and the same `Idempotency-Key` finds out.
 */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: readonly FieldProblem[];
  /** Members that some codes carry besides, such as `retry_after` or `reasons`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Record<string, unknown>) {
    super(text(body.detail) ?? text(body.title) ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = text(body.code) ?? "unknown";
    this.fields = Array.isArray(body.errors) ? (body.errors as FieldProblem[]) : [];
    this.members = body;
  }

  static offline(): Problem {
    return new Problem(0, { code: "offline", detail: "The server could not be reached." });
  }
}

/** Whether asking again, just so, may help: nobody answered, or the server was busy. */
export function isPassing(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status === 429 || error.status >= 500);
}

export function isProblem(error: unknown, ...codes: string[]): error is Problem {
  return error instanceof Problem && codes.includes(error.code);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
