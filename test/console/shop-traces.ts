import { SeededChance } from '@spandrel/testing/random-spans';
import { hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import type { ServiceSpans } from './console-under-test.js';

/** An operation with its own time and its sequential calls. */
interface Work {
  readonly service: string;
  readonly name: string;
  /** Typical self time, in milliseconds. */
  readonly ownMs: number;
  readonly errorShare?: number;
  readonly calls?: readonly Work[];
}

const minuteMs = 60_000;

/** Start of the last five minutes, in which charges fail and searches are slow. */
export function changedSinceMs(nowMs: number): number {
  return nowMs - 5 * minuteMs;
}

/** The calls of a request to the shop. @param isChanged whether charges fail and searches are slow */
function requestOf(kind: number, isChanged: boolean): Work {
  const cache: Work = { service: 'cache', name: 'GET', ownMs: 1 };
  const search: Work = { service: 'search', name: 'POST /query', ownMs: isChanged ? 160 : 25, calls: [cache] };
  const catalogue: Work = { service: 'catalogue', name: 'GET /products', ownMs: 6, calls: [search, cache] };
  const charge: Work = { service: 'payment', name: 'charge', ownMs: 60, errorShare: isChanged ? 0.4 : 0.01 };
  const checkout: Work = {
    service: 'checkout',
    name: 'POST /orders',
    ownMs: 10,
    calls: [
      { service: 'stock', name: 'reserve', ownMs: 8, errorShare: 0.03, calls: [cache] },
      charge,
      { service: 'mail', name: 'send', ownMs: 15, errorShare: 0.02 },
    ],
  };
  const cart: Work = { service: 'cart', name: 'GET /cart', ownMs: 4, calls: [cache] };
  if (kind === 0) return { service: 'web', name: 'POST /checkout', ownMs: 12, calls: [cart, checkout] };
  if (kind <= 3) return { service: 'web', name: 'GET /', ownMs: 8, calls: [catalogue, cart] };
  return { service: 'web', name: 'GET /products/{id}', ownMs: 5, errorShare: 0.005, calls: [catalogue] };
}

/**
 * Generate traces of a shop with nine services, for the hour before a time.
 *
 * @param perMinute requests per minute
 */
export function shopTraces(nowMs: number, perMinute: number): readonly ServiceSpans[] {
  const chance = new SeededChance(11);
  const spans = new Map<string, SpanInit[]>();
  const count = 60 * perMinute;
  for (let n = 0; n < count; n++) {
    // In the middle of its interval, so that no trace starts on the boundary of a bucket.
    const startMs = nowMs - 60 * minuteMs + ((n + 0.5) * 60 * minuteMs) / count;
    const work = requestOf(chance.below(8), startMs >= changedSinceMs(nowMs));
    const traceId = `a${(n + 1).toString(16).padStart(31, '0')}`;
    addSpans(spans, chance, {
      traceId,
      work,
      startNs: BigInt(Math.round(startMs * 1_000)) * 1_000n,
      parent: 0,
      next: { id: 1 },
    });
  }
  return [...spans].map(([service, own]) => ({ service, spans: own }));
}

/** Generate traces of a number of services. Each calls a few of those after it. */
export function fleetTraces(nowMs: number, services: number): readonly ServiceSpans[] {
  const chance = new SeededChance(5);
  const spans = new Map<string, SpanInit[]>();
  const nameOf = (n: number): string => `fleet-${String(n).padStart(2, '0')}`;
  for (let n = 0; n < 300; n++) {
    const workOf = (index: number): Work => ({
      service: nameOf(index),
      name: 'handle',
      ownMs: 3,
      errorShare: index % 7 === 3 ? 0.1 : 0,
      calls: [2 * index + 1, 2 * index + 2, index + 5]
        .filter((next, at) => next < services && (at < 2 || (index % 3 === 0 && n % 5 === 0)))
        .map(workOf),
    });
    const traceId = `b${(n + 1).toString(16).padStart(31, '0')}`;
    const startNs = BigInt(nowMs - 4 * minuteMs + n * 500) * 1_000_000n;
    addSpans(spans, chance, { traceId, work: workOf(0), startNs, parent: 0, next: { id: 1 } });
  }
  return [...spans].map(([service, own]) => ({ service, spans: own }));
}

interface Call {
  readonly traceId: string;
  readonly work: Work;
  readonly startNs: bigint;
  readonly parent: number;
  readonly next: { id: number };
}

/** Add the spans of a call. @returns its end, and whether it failed; it fails if one of its calls fails */
function addSpans(
  spans: Map<string, SpanInit[]>,
  chance: SeededChance,
  { traceId, work, startNs, parent, next }: Call,
): { readonly endNs: bigint; readonly isFailed: boolean } {
  const id = next.id++;
  // Usually close to the typical time, sometimes far longer.
  const factor = 0.5 + chance.below(1_000) / 1_000 + (chance.below(40) === 0 ? 4 : 0);
  const ownNs = BigInt(Math.round(work.ownMs * factor * 1_000)) * 1_000n;
  let endNs = startNs + ownNs / 2n;
  let isFailed = chance.below(10_000) < (work.errorShare ?? 0) * 10_000;
  for (const called of work.calls ?? []) {
    const result = addSpans(spans, chance, { traceId, work: called, startNs: endNs, parent: id, next });
    endNs = result.endNs;
    isFailed ||= result.isFailed;
  }
  endNs += ownNs / 2n;
  const own = spans.get(work.service) ?? [];
  own.push({
    traceId: hexBytes(traceId),
    spanId: hexBytes(id.toString(16).padStart(16, '0')),
    parentSpanId: parent === 0 ? hexBytes('') : hexBytes(parent.toString(16).padStart(16, '0')),
    name: work.name,
    kind: 2,
    startTimeUnixNano: startNs,
    endTimeUnixNano: endNs,
    attributes: [text('shop.part', work.service)],
    ...(isFailed ? { status: { code: 2, message: 'failed' } } : {}),
  });
  spans.set(work.service, own);
  return { endNs, isFailed };
}
