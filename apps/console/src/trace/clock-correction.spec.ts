import { describe, expect, it } from 'vitest';
import type { TraceProblem, Waterfall } from '../api/types.ts';
import { correctClocks } from './clock-correction.ts';
import { type Row, waterfallOf } from './example-traces.ts';
import { traceModelOf } from './trace-model.ts';

function skew(amount: number, spanIds: readonly string[], over: Partial<TraceProblem> = {}): TraceProblem {
  return {
    kind: 'clock_skew',
    severity: 'warning',
    message: '',
    spanCount: spanIds.length,
    amount,
    unit: 'ns',
    services: ['shop', 'users'],
    spanIds: [...spanIds],
    receivedS: null,
    ...over,
  };
}

/** Start and end of each span by ID, after the start of the trace. */
const timesOf = ({ spans }: Waterfall): ReadonlyMap<string, readonly [number, number]> =>
  new Map(
    spans.id.map((id, span) => [
      id,
      [spans.startNs[span] ?? 0, (spans.startNs[span] ?? 0) + (spans.durationNs[span] ?? 0)],
    ]),
  );

describe('correctClocks', () => {
  it('moves a span and all spans below it, sorts spans by start, and shortens the trace', () => {
    const rows: readonly Row[] = [
      ['child', 'root', 0, 50],
      ['below', 'child', 10, 20],
      ['root', null, 3000, 3100],
      ['other', 'root', 3060, 3090],
    ];
    const { waterfall, reported } = correctClocks(traceModelOf(waterfallOf(rows)), [skew(3025, ['child'])]);
    expect(timesOf(waterfall)).toEqual(
      new Map([
        ['root', [0, 100]],
        ['child', [25, 75]],
        ['below', [35, 45]],
        ['other', [60, 90]],
      ]),
    );
    expect(waterfall.spans.id).toEqual(['root', 'child', 'below', 'other']);
    expect(waterfall.spans.parentId).toEqual([null, 'root', 'child', 'root']);
    expect(reported.spans.id).toEqual(waterfall.spans.id);
    expect(reported.spans.startNs).toEqual([3000, 0, 10, 3060]);
    expect([waterfall.startTimeUnixNano, waterfall.durationNs]).toEqual(['3000', 100]);
  });

  it('adds the differences along the path, so that a call back returns to the first clock', () => {
    const rows: readonly Row[] = [
      ['root', null, 0, 100],
      ['back', 'far', 40, 50],
      ['far', 'root', 1030, 1060],
    ];
    const { waterfall } = correctClocks(traceModelOf(waterfallOf(rows)), [
      skew(-1000, ['far']),
      skew(1000, ['back'], { services: ['users', 'shop'] }),
    ]);
    expect(timesOf(waterfall)).toEqual(
      new Map([
        ['root', [0, 100]],
        ['far', [30, 60]],
        ['back', [40, 50]],
      ]),
    );
  });

  it('finds spans that the problem does not list by the services of caller and called span', () => {
    const rows: readonly Row[] = [
      ['a', 'root', 0, 10],
      ['b', 'root', 20, 30],
      ['root', null, 500, 600],
    ];
    const trace = waterfallOf(rows);
    const waterfall: Waterfall = {
      ...trace,
      operations: [
        ['shop', 'work', 2],
        ['users', 'work', 2],
      ],
      spans: { ...trace.spans, operation: [1, 1, 0] },
    };
    const { waterfall: corrected } = correctClocks(traceModelOf(waterfall), [skew(500, ['a'], { spanCount: 2 })]);
    expect(timesOf(corrected)).toEqual(
      new Map([
        ['root', [0, 100]],
        ['a', [0, 10]],
        ['b', [20, 30]],
      ]),
    );
  });

  it('accepts cycles, missing parents and a trace without differences', () => {
    const rows: readonly Row[] = [
      ['x', 'y', 0, 10],
      ['y', 'x', 5, 10],
      ['orphan', 'gone', 7, 9],
    ];
    const trace = waterfallOf(rows);
    expect(correctClocks(traceModelOf(trace), [])).toEqual({ waterfall: trace, reported: trace });
    expect(correctClocks(traceModelOf(waterfallOf([])), []).waterfall.spans.id).toEqual([]);
  });
});
