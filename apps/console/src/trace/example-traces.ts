import type { Waterfall } from '../api/types.ts';

/** A span of an example: ID, parent, start and end. */
export type Row = readonly [id: string, parentId: string | null, start: number, end: number];

/** A trace of these spans, which are sorted by start. */
export function waterfallOf(rows: readonly Row[]): Waterfall {
  return {
    traceId: '1'.repeat(32),
    startTimeUnixNano: '0',
    durationNs: Math.max(0, ...rows.map(([, , , end]) => end)),
    operations: [['shop', 'work', 2]],
    spans: {
      id: rows.map(([id]) => id),
      parentId: rows.map(([, parentId]) => parentId),
      operation: rows.map(() => 0),
      startNs: rows.map(([, , start]) => start),
      durationNs: rows.map(([, , start, end]) => end - start),
      status: rows.map(() => 0),
      events: rows.map(() => 0),
    },
    eventMarks: { names: [], span: [], timeNs: [], name: [] },
  };
}

/** A request to the password generator: two concurrent calls, one of them with further calls. */
export const passwords: readonly Row[] = [
  ['1', null, 0, 100],
  ['2', '1', 10, 50],
  ['3', '2', 12, 48],
  ['4', '3', 14, 20],
  ['5', '4', 15, 19],
  ['6', '1', 30, 70],
  ['7', '6', 32, 68],
];
