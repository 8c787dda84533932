import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '@spandrel/trace-files';
import { z } from 'zod';
import type { FigureCounter } from '../figures.ts';
import { causeOf, ImportError, retryAfterMs } from '../otlp-sender.ts';
import type { ImportSource, SourceItem } from '../run-import.ts';
import { tracesOf } from './jaeger-traces.ts';

export interface JaegerServiceOptions {
  /** The URL of the query service, with its base path. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** The time range, in ms since the epoch. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Only these services. Without any: all that Jaeger lists. */
  readonly services: readonly string[];
  /** The most traces of a response. */
  readonly pageTraces: number;
  readonly counter: FigureCounter;
  readonly signal: AbortSignal;
}

/** Jaeger's HTTP APIs: version 3 returns OTLP, version 1 the JSON of its UI, which every version has. */
type Api = 'v3' | 'v1';

const firstWindowMs = 3_600_000;
const longestWindowMs = 24 * 3_600_000;
const shortestWindowMs = 1;
/** How many traces a search for the shortest window asks for. */
const maxTraces = 10_000;
const maxResponseBytes = 128 * 1024 * 1024;
const requestTimeoutMs = 120_000;
const maxTries = 8;
/** Traces that were sent lately, so that those of several services are not sent for each of them. */
const maxSeenTraces = 200_000;

const positionSchema = z.object({ service: z.string(), fromMs: z.number() });

/**
 * Traces of a Jaeger query service, by service and window of time. Jaeger has no pages: it returns a number of traces of a
 * window, and does not say which. So a window that has as many traces as were asked for is halved.
 */
export class JaegerServiceSource implements ImportSource {
  place = '';
  private readonly seen = new Set<string>();

  private readonly options: JaegerServiceOptions;

  constructor(options: JaegerServiceOptions) {
    this.options = options;
  }

  async *read(position: unknown): AsyncGenerator<SourceItem> {
    const { fromMs, untilMs, services: wanted } = this.options;
    const { api, services: listed } = await this.findApi();
    const services = (wanted.length > 0 ? [...wanted] : [...listed]).toSorted();
    const start = positionSchema.safeParse(position).data;
    for (const service of services) {
      if (start !== undefined && service < start.service) continue;
      let at = service === start?.service ? Math.max(start.fromMs, fromMs) : fromMs;
      let windowMs = firstWindowMs;
      while (at < untilMs) {
        const end = Math.min(at + windowMs, untilMs);
        this.place = `${service}, ${new Date(at).toISOString()}`;
        const limit = end - at <= shortestWindowMs ? maxTraces : this.options.pageTraces;
        const traces = await this.search(api, service, at, end, limit);
        const isFull = traces === undefined || traces.length >= limit;
        if (isFull && end - at > shortestWindowMs) {
          windowMs = Math.max(Math.floor((end - at) / 2), shortestWindowMs);
          continue;
        }
        if (isFull) {
          this.options.counter.addRemark(
            `windows of 1 ms with more traces or bytes than a response may have; traces of ${service} may be missing`,
          );
        }
        for (const { traceId, items } of traces ?? []) {
          if (this.seen.has(traceId)) continue;
          if (this.seen.size >= maxSeenTraces) this.seen.clear();
          this.seen.add(traceId);
          yield* items;
        }
        yield { position: { service, fromMs: end } };
        at = end;
        if ((traces?.length ?? 0) * 4 < limit) windowMs = Math.min(windowMs * 2, longestWindowMs);
      }
    }
  }

  /** Version 3 if Jaeger has it: its spans are as they were sent. */
  private async findApi(): Promise<{ readonly api: Api; readonly services: readonly string[] }> {
    // Without services Jaeger leaves the list out.
    const v3 = z.strictObject({ services: z.array(z.string()).default([]) });
    const v1 = z.object({ data: z.array(z.string()).nullable() });
    for (const [api, path] of [
      ['v3', '/api/v3/services'],
      ['v1', '/api/services'],
    ] as const) {
      const text = await this.get(path, new Set([400, 404, 405, 406, 501]));
      const body = text === undefined ? undefined : jsonOf(text);
      const services = api === 'v3' ? v3.safeParse(body).data?.services : v1.safeParse(body).data?.data;
      if (services !== undefined) return { api, services: services ?? [] };
    }
    throw new ImportError(`${this.options.url} has no HTTP API of Jaeger: neither /api/v3/services nor /api/services`);
  }

  /** @returns undefined if the response is too large */
  private async search(api: Api, service: string, fromMs: number, untilMs: number, limit: number) {
    const query =
      api === 'v3'
        ? new URLSearchParams({
            'query.service_name': service,
            'query.start_time_min': new Date(fromMs).toISOString(),
            'query.start_time_max': new Date(untilMs).toISOString(),
            // The name since Jaeger 2.5, and the one before.
            'query.search_depth': String(limit),
            'query.num_traces': String(limit),
            'query.raw_traces': 'true',
          })
        : new URLSearchParams({
            service,
            start: `${fromMs}000`,
            end: `${untilMs}000`,
            limit: String(limit),
            raw: 'true',
          });
    const path = api === 'v3' ? '/api/v3/traces' : '/api/traces';
    let text: string | undefined;
    try {
      // Version 3 has 404 for no traces.
      text = await this.get(`${path}?${query.toString()}`, new Set([404]));
    } catch (error) {
      if (error instanceof TooLargeError) return undefined;
      throw error;
    }
    return text === undefined ? [] : tracesOf(parseJson(text));
  }

  /**
   * @param absent statuses that mean that there is nothing
   * @returns undefined for such a status
   */
  private async get(path: string, absent: ReadonlySet<number>): Promise<string | undefined> {
    const { url, token, signal, counter } = this.options;
    for (let tries = 1; ; tries += 1) {
      let problem: string;
      let waitMs: number | undefined;
      try {
        const response = await fetch(`${url}${path}`, {
          headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
          signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
        });
        const text = await readText(response);
        if (response.ok) return text;
        if (absent.has(response.status)) return undefined;
        problem = `${response.status} ${text.slice(0, 200)}`;
        if (response.status < 500 && response.status !== 429)
          throw new ImportError(`${url}${path} answered ${problem}`);
        waitMs = retryAfterMs(response.headers.get('retry-after'));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ImportError || error instanceof TooLargeError) throw error;
        problem = causeOf(error);
      }
      if (tries === maxTries) throw new ImportError(`${url}${path} failed ${maxTries} times: ${problem}`);
      counter.addRemark('requests to Jaeger that were repeated');
      await sleep(waitMs ?? Math.min(250 * 2 ** tries, 30_000), undefined, { signal });
    }
  }
}

class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

async function readText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxResponseBytes) throw new TooLargeError();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
