import { describe, expect, it } from 'vitest';
import type { SqlResponse } from '../api/types.ts';
import { isChart } from './result-series.ts';

const time = { name: 'time', type: 'timestamp with time zone' };
const calls = { name: 'calls', type: 'bigint' };
const percentile = { name: 'p95', type: 'double precision' };
const service = { name: 'service', type: 'text' };
const traceId = { name: 'trace_id', type: 'uuid' };
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;

describe('the result of a statement', () => {
  it.each<[string, SqlResponse['columns'], SqlResponse['rows'], boolean]>([
    [
      'times with a number',
      [time, calls],
      [
        [at(1), 5],
        [at(2), 6],
      ],
      true,
    ],
    [
      'times with several numbers',
      [time, calls, percentile],
      [
        [at(1), 5, 1],
        [at(2), 6, 2],
      ],
      true,
    ],
    [
      'times with a number for each service',
      [time, service, calls],
      [
        [at(1), 'a', 5],
        [at(1), 'b', 5],
        [at(2), 'a', 5],
      ],
      true,
    ],
    ['one time', [time, calls], [[at(1), 5]], false],
    ['no rows', [time, calls], [], false],
    [
      'numbers without times',
      [calls, percentile],
      [
        [1, 2],
        [2, 3],
      ],
      false,
    ],
    [
      'spans, of which several start at the same time',
      [time, percentile],
      [
        [at(1), 5],
        [at(1), 6],
        [at(2), 6],
      ],
      false,
    ],
    [
      'traces',
      [time, traceId, percentile],
      [
        [at(1), '0af76519-16cd-43dd-8448-eb211c80319c', 5],
        [at(2), '0af76519-16cd-43dd-8448-eb211c80319d', 5],
      ],
      false,
    ],
    [
      'spans with two texts',
      [time, service, { ...service, name: 'operation' }, calls],
      [
        [at(1), 'a', 'b', 5],
        [at(2), 'a', 'c', 5],
      ],
      false,
    ],
    ['many services', [time, service, calls], Array.from({ length: 60 }, (_, n) => [at(n), `service ${n}`, 1]), false],
  ])('is a chart at first or a table: %s', (_, columns, rows, expected) => {
    expect(isChart({ columns, rows, isTruncated: false, durationMs: 1, foldedTimes: [], hints: [] })).toBe(expected);
  });
});
