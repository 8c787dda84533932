import { attribute, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import type { ServiceSpans } from './console-under-test.js';

/** A trace of an order: a long and an empty name, SQL, JSON, addresses, large numbers, 500 events, and a message. */
export const orderTraceId = 'ac'.repeat(16);
/** The trace that processes the message. */
export const shipmentTraceId = 'ad'.repeat(16);

export const orderSpanIds = {
  root: '00000000000000a1',
  query: '00000000000000a2',
  publish: '00000000000000a3',
  noName: '00000000000000a4',
  busy: '00000000000000a5',
  process: '00000000000000b1',
} as const;

export const longName = `POST /shops/{shopId}/orders/{orderId}/items/{itemId} of the ${'very '.repeat(60)}long name`;
export const orderStatement =
  "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = 'open' AND o.total > 100 ORDER BY o.id LIMIT 50";
export const busyEvents = 500;

export function orderSpans(startMs: number): readonly ServiceSpans[] {
  const start = BigInt(startMs) * 1_000_000n;
  const span = (traceId: string, id: string, from: number, to: number, more: SpanInit): SpanInit => ({
    traceId: hexBytes(traceId),
    spanId: hexBytes(id),
    parentSpanId: hexBytes(id === orderSpanIds.root || id === orderSpanIds.process ? '' : orderSpanIds.root),
    kind: 1,
    startTimeUnixNano: start + BigInt(from) * 1_000_000n,
    endTimeUnixNano: start + BigInt(to) * 1_000_000n,
    ...more,
  });
  const { root, query, publish, noName, busy, process: processId } = orderSpanIds;
  const ofShop = [
    span(orderTraceId, root, 0, 1_000, {
      name: longName,
      kind: 2,
      attributes: [
        text('url.full', 'https://shop.example/orders?id=7'),
        text('unsafe', 'javascript:alert(1)'),
        text(
          'order.body',
          JSON.stringify({ items: [{ sku: 'shoe-1', count: 2 }], note: 'gift wrap, please', express: true }),
        ),
        attribute('order.number', { case: 'intValue', value: 9_007_199_254_740_993n }),
        attribute('order.tags', {
          case: 'arrayValue',
          value: { values: ['red', 'large'].map((value) => ({ value: { case: 'stringValue', value } })) },
        }),
        text('note', 'a long note (*). '.repeat(600)),
        ...Array.from({ length: 30 }, (_, n) => text(`item.${n}`, `thing ${n}`)),
      ],
      events: [{ name: 'accepted', timeUnixNano: start + 20_000_000n, attributes: [text('by', 'clerk')] }],
    }),
    span(orderTraceId, query, 100, 300, {
      name: 'SELECT orders',
      kind: 3,
      attributes: [text('db.query.text', orderStatement), text('db.system.name', 'postgresql')],
    }),
    span(orderTraceId, publish, 400, 420, { name: 'orders publish', kind: 4 }),
    span(orderTraceId, noName, 500, 600, { name: '' }),
    span(orderTraceId, busy, 700, 990, {
      name: 'poll',
      events: Array.from({ length: busyEvents }, (_, n) => ({
        name: n === 250 ? 'exception' : 'tick',
        timeUnixNano: start + 700_000_000n + BigInt(n) * 500_000n,
        attributes: [attribute('n', { case: 'intValue', value: BigInt(n) })],
      })),
      status: { code: 2, message: 'gave up' },
    }),
  ];
  const ofShipping = [
    span(shipmentTraceId, processId, 2_000, 2_200, {
      name: 'orders process',
      kind: 5,
      links: [{ traceId: hexBytes(orderTraceId), spanId: hexBytes(publish), attributes: [text('topic', 'orders')] }],
    }),
  ];
  return [
    { service: 'shop', spans: ofShop },
    { service: 'shipping', spans: ofShipping },
  ];
}
