import { hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import type { ServiceSpans } from './console-under-test.js';

/** Hostile text: markup, a right-to-left override, a character beyond 16 bits, and a template expression. */
export const hostileText = `<img src=x onerror="document.title='owned'"> \u202e\u{1F600} {{7*7}}`;

/** A trace of one span with hostile text in every field, and one long value. */
export const hostileTraceId = 'd'.repeat(32);
export const hostileSpanId = '000000000000d00d';

export function hostileSpans(startMs: number): readonly ServiceSpans[] {
  const start = BigInt(startMs) * 1_000_000n;
  const span: SpanInit = {
    traceId: hexBytes(hostileTraceId),
    spanId: hexBytes(hostileSpanId),
    name: hostileText,
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + 5_000_000n,
    traceState: hostileText,
    attributes: [
      text(hostileText, hostileText),
      text('__proto__', 'a key that JavaScript minds'),
      text('right to left', 'مرحبا بالعالم שלום'),
      text('long', `a long value ${'x'.repeat(1_000_000)}`),
    ],
    events: [
      { name: hostileText, timeUnixNano: start, attributes: [text(hostileText, hostileText)] },
      {
        name: 'exception',
        timeUnixNano: start,
        attributes: [
          text('exception.type', hostileText),
          text('exception.message', hostileText),
          text('exception.stacktrace', hostileText.repeat(100)),
        ],
      },
    ],
    links: [
      {
        traceId: hexBytes('e'.repeat(32)),
        spanId: hexBytes('e'.repeat(16)),
        attributes: [text(hostileText, hostileText)],
      },
    ],
    status: { code: 2, message: hostileText },
  };
  return [{ service: hostileText, spans: [span] }];
}

/** A trace of a failed request with a stack trace. */
export const failedTraceId = 'f'.repeat(32);
export const stackTrace = `OutOfStockError: no shoes are left\n    at take (stock.js:7:11)\n    at order (shop.js:3:5)`;

export function failedSpans(startMs: number): readonly ServiceSpans[] {
  const start = BigInt(startMs) * 1_000_000n;
  const span: SpanInit = {
    traceId: hexBytes(failedTraceId),
    spanId: hexBytes('f00000000000000f'),
    name: 'POST /orders',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start + 7_000_000n,
    attributes: [text('http.route', '/orders')],
    events: [
      {
        name: 'exception',
        timeUnixNano: start + 6_000_000n,
        attributes: [
          text('exception.type', 'OutOfStockError'),
          text('exception.message', 'no shoes are left'),
          text('exception.stacktrace', stackTrace),
        ],
      },
    ],
    status: { code: 2, message: 'no shoes are left' },
  };
  return [{ service: 'shop', spans: [span] }];
}

export const largeTraceId = 'c'.repeat(32);
export const largeCount = 50_000;

/** A part of a large trace in which each span has up to eight children. Two spans contain a search text; one in 5,000 failed. */
export function largeSpans(startMs: number, first: number, count: number): readonly ServiceSpans[] {
  const start = BigInt(startMs) * 1_000_000n;
  const idOf = (n: number): Uint8Array<ArrayBuffer> => hexBytes((n + 1).toString(16).padStart(16, '0'));
  const spans = Array.from({ length: count }, (_, index): SpanInit => {
    const n = first + index;
    return {
      traceId: hexBytes(largeTraceId),
      spanId: idOf(n),
      parentSpanId: n === 0 ? hexBytes('') : idOf(Math.floor((n - 1) / 8)),
      name: `step ${n}`.replace(/^(step) (?!12345$|43210$|0$).*/, '$1'),
      kind: 1,
      startTimeUnixNano: start + BigInt(n) * 1_000_000n,
      endTimeUnixNano: start + BigInt(n * 8 + 1000) * 1_000_000n,
      attributes: n === 12_345 || n === 43_210 ? [text('hay', 'a Needle')] : [],
      status: { code: n % 5_000 === 4_999 ? 2 : 0 },
    };
  });
  return [...Map.groupBy(spans.entries(), ([n]) => `service-${n % 5}`)].map(([service, own]) => ({
    service,
    spans: own.map(([, span]) => span),
  }));
}
