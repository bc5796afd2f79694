/** The one place that reads the browser's clock. It may be wrong: what matters is decided by the server's. */
export function now(): Date {
  return new Date();
}
