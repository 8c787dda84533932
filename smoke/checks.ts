import type { z } from 'zod';
import { responseTimeoutMs, type SentTrace } from './sent-traces.ts';

/** Addresses of a tracestore and the credentials of its user. */
export interface CheckedStore {
  /** Of its HTTP port, without a slash at the end. */
  readonly url: string;
  /** The complete URL for OTLP/HTTP. */
  readonly tracesUrl: string;
  readonly otlpGrpcAddress: string;
  readonly jaegerGrpcAddress: string;
  /** Of the port of Tempo's API, without a slash at the end. */
  readonly tempoUrl: string;
  /** The URL with which it connects to its database. The checks read as ps_trace_reader. */
  readonly databaseUrl: string;
  /** Headers for the API of the console. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the checks search for. */
export interface CheckTarget {
  readonly store: CheckedStore;
  readonly run: string;
  /** Traces of one service and one run, inside the time range. */
  readonly traces: readonly [SentTrace, SentTrace, SentTrace];
  readonly fromMs: number;
  readonly toMs: number;
}

/** The checks of one protocol by name. A check returns what it found and throws an error when it fails. */
export type Checks = Readonly<Record<string, () => Promise<string>>>;

/** Sends a request to tracestore. @throws Error with the problem when the status is not 2xx */
export async function getText({ url, headers }: CheckedStore, path: string, body?: object): Promise<string> {
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  };
  const signal = AbortSignal.timeout(responseTimeoutMs);
  const response = await fetch(`${url}${path}`, { signal, ...(body === undefined ? { headers } : post) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${problemOf(text)}`);
  return text;
}

/** Sends a request to tracestore. @throws Error when the response does not match the schema */
export async function getJson<Schema extends z.ZodType>(
  store: CheckedStore,
  path: string,
  schema: Schema,
  body?: object,
): Promise<z.infer<Schema>> {
  return schema.parse(JSON.parse(await getText(store, path, body)));
}

function problemOf(text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { readonly title?: string; readonly detail?: string };
    if (title !== undefined) return [title, detail].filter(Boolean).join(': ');
  } catch {
    // Not problem details.
  }
  return text.slice(0, 200);
}

/** @throws Error when two values differ as JSON */
export function expectSame(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left ?? 'nothing'}`);
}

/** @returns the number of traces @throws Error when the ids are not those of the traces, in any order */
export function expectTraces(ids: readonly string[], traces: readonly SentTrace[]): string {
  expectSame(ids.toSorted(), traces.map(({ traceId }) => traceId).toSorted());
  return count(ids.length, 'trace');
}

/** @returns the number of items @throws Error when `wanted` is not one of them */
export function expectItem(items: readonly string[], wanted: string, noun: string): string {
  if (!items.includes(wanted)) throw new Error(`${wanted} is not among ${count(items.length, noun)}`);
  return count(items.length, noun);
}

/** Such as `1 span` and `2 spans`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

interface OtlpSpan<Id> {
  readonly traceId: Id;
}

/** Collects the spans of OTLP data. */
export function spansOf<Id>(data: {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan<Id>[] }[] }[];
}): readonly OtlpSpan<Id>[] {
  return data.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
