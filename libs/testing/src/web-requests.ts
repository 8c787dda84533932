import type { ExportTraceServiceRequest } from '../../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { Chance } from './random-search.ts';
import { hexBytes, requestOf, type SpanInit, text } from './requests.ts';

/** A trace of `webRequests`, as a list of traces shows it. */
export interface WebRequest {
  readonly traceId: string;
  readonly startUs: bigint;
  readonly durationUs: bigint;
  readonly operation: string;
  readonly region: string;
  readonly isRootFailed: boolean;
  readonly isQueryFailed: boolean;
  /** A word that is in one text of the trace only, with where it is. */
  readonly word: string;
}

const stepUs = 20_000_000n;
const operations = ['GET /', 'GET /cart', 'POST /checkout'] as const;
const regions = ['eu', 'us', 'asia'] as const;
const places = ['name', 'attribute', 'message', 'event', 'eventAttribute'] as const;

/**
 * Make requests to the service `web`, one in 20 seconds, each with two queries of the service `db`.
 *
 * @param endUs after the last request, in µs since 1970
 */
export function webRequests(count: number, endUs: bigint, random: Chance): readonly WebRequest[] {
  return Array.from({ length: count }, (_, n) => ({
    traceId: (n + 1).toString(16).padStart(32, '0'),
    startUs: endUs - BigInt(n + 1) * stepUs + BigInt(random.below(10_000_000)),
    durationUs: BigInt(Math.round(Math.exp(6 + random.below(9_000) / 1_000))),
    operation: random.pick(operations),
    region: random.pick(regions),
    isRootFailed: random.chance(0.1),
    isQueryFailed: random.chance(0.1),
    word: `Needle-${random.pick(places)}`,
  }));
}

/** The spans of requests, as requests of OTLP with about twenty traces each. */
export function spansOfWebRequests(requests: readonly WebRequest[]): readonly ExportTraceServiceRequest[] {
  const perRequest = 20;
  const chunks = Array.from({ length: Math.ceil(requests.length / perRequest) }, (_, n) =>
    requests.slice(n * perRequest, (n + 1) * perRequest),
  );
  return chunks.flatMap((some) => [requestOf(some.map(rootOf), 'web'), requestOf(some.flatMap(queriesOf), 'db')]);
}

function rootOf({ traceId, startUs, durationUs, operation, region, isRootFailed }: WebRequest): SpanInit {
  return {
    traceId: hexBytes(traceId),
    spanId: hexBytes(`a${traceId.slice(-15)}`),
    name: operation,
    kind: 2,
    startTimeUnixNano: startUs * 1_000n,
    endTimeUnixNano: (startUs + durationUs) * 1_000n,
    attributes: [text('region', region)],
    status: isRootFailed ? { code: 2 } : {},
  };
}

function queriesOf({ traceId, startUs, durationUs, isQueryFailed, word }: WebRequest): readonly SpanInit[] {
  const half = durationUs / 2n;
  return [0n, 1n].map((n) => {
    const isLast = n === 1n;
    const has = (place: (typeof places)[number]): boolean => isLast && word === `Needle-${place}`;
    return {
      traceId: hexBytes(traceId),
      spanId: hexBytes(`${isLast ? 'c' : 'b'}${traceId.slice(-15)}`),
      parentSpanId: hexBytes(`a${traceId.slice(-15)}`),
      name: has('name') ? `SELECT ${word}` : 'SELECT',
      kind: 3,
      startTimeUnixNano: (startUs + n * half) * 1_000n,
      endTimeUnixNano: (startUs + (n + 1n) * half) * 1_000n,
      attributes: [text('db.query.text', has('attribute') ? `SELECT '${word} %_'` : 'SELECT 1')],
      events: [
        {
          timeUnixNano: startUs * 1_000n,
          name: has('event') ? word : 'row',
          attributes: [text('note', has('eventAttribute') ? word : 'none')],
        },
      ],
      status: {
        code: isQueryFailed && isLast ? 2 : 0,
        message: has('message') ? `no ${word}` : '',
      },
    };
  });
}
