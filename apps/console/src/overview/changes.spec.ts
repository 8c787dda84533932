import { describe, expect, it } from 'vitest';
import { changesOf } from './changes.ts';

const columns = [
  'service_name',
  'span_name',
  'changed',
  'z_score',
  'calls_per_second_before',
  'calls_per_second',
  'error_rate_before',
  'error_rate',
  'p95_ms_before',
  'p95_ms',
  'since',
];
const since = '2026-03-29T12:00:00.000Z';
const toMs = Date.parse('2026-03-29T12:05:00.000Z');

describe('changesOf', () => {
  it.each([
    ['errors', 5, [1, 1, 0.02, 0.4, 10, 10], 'fails more often', '2 % → 40 %', 'worse', 'status=error'],
    ['errors', -5, [1, 1, 0.4, 0.02, 10, 10], 'fails less often', '40 % → 2 %', 'better', 'operation=GET'],
    ['durations', 9, [1, 1, 0, 0, 10, 200], 'is slower', 'p95 ≈ 10 ms → ≈ 200 ms', 'worse', 'min=10000us'],
    ['durations', -9, [1, 1, 0, 0, 200, 10], 'is faster', 'p95 ≈ 200 ms → ≈ 10 ms', 'better', 'operation=GET'],
    ['rate', 9, [1, 2, 0, 0, 1, 1], 'is called more often', '1/s → 2/s', 'other', 'to=2026-03-29T12%3A05'],
    ['rate', -9, [2, 1, 0, 0, 1, 1], 'is called less often', '2/s → 1/s', 'other', 'from=2026-03-29T12%3A00'],
    ['rate', 9, [0, 1, null, 0, null, 1], 'is new', '0/s → 1/s', 'other', 'from=2026-03-29T12%3A00'],
    ['rate', -9, [1, 0, 0, null, 1, null], 'is no longer called', '1/s → 0/s', 'other', 'to=2026-03-29T12%3A00'],
  ])('describes a change of %s with z-score %d', (changed, zScore, columnValues, what, values, tone, address) => {
    const rows = [['web', 'GET /', changed, zScore, ...columnValues, since]];
    const [change] = changesOf({ columns, rows }, toMs);
    expect(change).toMatchObject({ service: 'web', operation: 'GET /', what, values, tone });
    expect(change?.address).toContain(address);
    expect(change?.address).toContain('/search?service=web&operation=GET+%2F');
  });
});
