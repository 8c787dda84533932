import { describe, expect, it } from 'vitest';
import { fullRequest, goodSpan, requestOf } from '../../test/requests.js';
import { transcode } from '../otlp/transcode.js';
import { eventLine, linkLine, portions, spanLine } from './copy-text.js';

describe('a line of COPY', () => {
  it('escapes what would end a column or a row, and tells NULL from text', () => {
    const { rows } = transcode(requestOf([goodSpan({ traceState: '\t\n\r\\N\\.', status: { message: '\\N' } })]), 0);
    const columns = rows.spans.map(spanLine).join('').slice(0, -1).split('\t');
    expect(columns).toHaveLength(19);
    expect(columns[2]).toBe('\\N');
    expect(columns.slice(16)).toEqual([String.raw`\t\n\r\\N\\.`, String.raw`\\N`, '{}']);
  });

  it('has microseconds and the nanoseconds that are left', () => {
    const { rows } = transcode(fullRequest(), 0);
    expect(rows.spans.map(spanLine)[0]?.split('\t').slice(3, 7)).toEqual([
      '2023-11-14T22:13:20.123456Z',
      '789',
      '2023-11-14T22:13:21.987654Z',
      '321',
    ]);
    expect(rows.events.map(eventLine)[0]?.split('\t').slice(2, 5)).toEqual([
      '2023-11-14T22:13:20.123456Z',
      '2023-11-14T22:13:20.500000Z',
      '1',
    ]);
    expect(rows.links.map(linkLine)[1]?.split('\t').slice(3, 5)).toEqual(['\\N', '\\N']);
  });

  it.each([
    [0n, '1970-01-01T00:00:00.000000Z', '0'],
    [2n ** 63n - 1n, '2262-04-11T23:47:16.854775Z', '807'],
  ])('can say %d', (startTimeUnixNano, time, nanos) => {
    const { rows } = transcode(requestOf([goodSpan({ startTimeUnixNano })]), 0);
    expect(rows.spans.map(spanLine)[0]?.split('\t').slice(3, 5)).toEqual([time, nanos]);
  });
});

describe('portions', () => {
  it('are made one by one and together are all lines', () => {
    let made = 0;
    const lineOf = (n: number): string => {
      made += 1;
      return `${n}${'.'.repeat(999)}\n`;
    };
    const rows = Array.from({ length: 1_000 }, (_, n) => n);
    const iterator = portions(rows, lineOf);
    const first = iterator.next().value as Buffer;
    expect(made).toBeLessThan(100);
    expect(Buffer.concat([first, ...iterator]).toString()).toBe(rows.map(lineOf).join(''));
  });

  it('of nothing are none', () => {
    expect([...portions([], String)]).toEqual([]);
  });
});
