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

/**
 * Notes that a request got a response, of whatever status.
 *
 * @param isFromDatabase whether the response needed the database; another one does not show that it is back
 */
export function noteResponse(isFromDatabase = false): void {
  if (connection.missing === 'database' && !isFromDatabase) return;
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

/** What a response shows to be missing; undefined if it is a response of tracestore with its database. */
export function missingIn(status: number, problemType: string | undefined): Missing | undefined {
  // A proxy responds with these in place of tracestore.
  if (status === 502 || status === 504) return 'tracestore';
  return problemType === unavailableType ? 'database' : undefined;
}

/** The type of the response of a tracestore without its database. */
const unavailableType = 'urn:spandrel:problem:unavailable';

/** Sends a small request that needs the database, and notes the result. */
export async function checkConnection(): Promise<void> {
  try {
    const response = await fetch('/api/services', { cache: 'no-store' });
    const body: unknown = response.ok ? undefined : await response.json().catch(() => undefined);
    const type = typeof body === 'object' && body !== null && 'type' in body ? String(body.type) : undefined;
    const missing = missingIn(response.status, type);
    if (missing === undefined) noteResponse(true);
    else noteMissing(missing);
  } catch {
    noteMissing('tracestore');
  }
}
