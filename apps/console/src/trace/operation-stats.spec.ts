import { expect, it } from 'vitest';
import type { Waterfall } from '../api/types.ts';
import { waterfallOf } from './example-traces.ts';
import { operationStatsOf } from './operation-stats.ts';
import { traceModelOf } from './trace-model.ts';

it('operationStatsOf counts calls, errors and times by operation, for all span kinds', () => {
  const trace = waterfallOf([
    ['1', null, 0, 100],
    ['2', '1', 10, 20],
    ['3', '1', 20, 50],
    ['4', '1', 50, 52],
  ]);
  const waterfall: Waterfall = {
    ...trace,
    operations: [
      ['shop', 'buy', 2],
      ['stock', 'take', 3],
      ['stock', 'take', 2],
    ],
    spans: { ...trace.spans, operation: [0, 1, 2, 1], status: [0, 2, 0, 0] },
  };
  expect(operationStatsOf(traceModelOf(waterfall))).toEqual([
    { service: 'shop', name: 'buy', count: 1, errors: 0, totalNs: 100, selfNs: 58, p50Ns: 100, p95Ns: 100, maxNs: 100 },
    { service: 'stock', name: 'take', count: 3, errors: 1, totalNs: 42, selfNs: 42, p50Ns: 10, p95Ns: 30, maxNs: 30 },
  ]);
});
