import { useSyncExternalStore } from 'react';

/** What does not respond. */
export type Missing = 'tracestore' | 'database';

/** Whether the API responds, as the last requests showed. */
export interface Connection {
  /** Undefined while it responds. */
  readonly missing: Missing | undefined;
  /** The time of the last response before the outage, in milliseconds since 1970; undefined if there was none. */
  readonly staleSinceMs: number | undefined;
}

let connection: Connection = { missing: undefined, staleSinceMs: undefined };
let lastResponseMs: number | undefined;
const listeners = new Set<() => void>();

/** Notes that a request got a response, of whatever status. */
export function noteResponse(): void {
  lastResponseMs = Date.now();
  change(undefined);
}

/** Notes that a request failed because something is missing. */
export function noteMissing(missing: Missing): void {
  change(missing);
}

/** The state of the connection to the API. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, currentConnection);
}

/** The state at this moment. */
export function currentConnection(): Connection {
  return connection;
}

function change(missing: Missing | undefined): void {
  if (connection.missing === missing) return;
  connection = {
    missing,
    staleSinceMs:
      connection.missing === undefined ? lastResponseMs : missing === undefined ? undefined : connection.staleSinceMs,
  };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Asks tracestore whether it and its database respond, and notes the result. */
export async function checkConnection(): Promise<void> {
  try {
    const response = await fetch('/readyz', { cache: 'no-store' });
    // A proxy responds with 502 or 504 in place of tracestore; tracestore itself with 503 if it has no database.
    if (response.ok) noteResponse();
    else noteMissing(response.status === 503 ? 'database' : 'tracestore');
  } catch {
    noteMissing('tracestore');
  }
}
