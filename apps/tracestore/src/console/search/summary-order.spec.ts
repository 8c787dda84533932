import { expect, it } from 'vitest';
import { inOrder } from './summary-order.js';

const summary = (traceId: string, startTimeUnixNano: bigint, endTimeUnixNano: bigint) => ({
  traceId,
  startTimeUnixNano,
  endTimeUnixNano,
});

/** A span of b arrived after the search, which starts earlier than the others of the trace. */
const found = [summary('a', 30n, 35n), summary('b', 10n, 40n), summary('c', 20n, 60n), summary('d', 20n, 21n)];

it.each([
  ['newest', 'a c d b'],
  ['slowest', 'c b a d'],
] as const)('a page of traces has the order of the times that it shows, %s first', (order, traceIds) => {
  expect(
    inOrder(found, order)
      .map(({ traceId }) => traceId)
      .join(' '),
  ).toBe(traceIds);
});
