import { describe, expect, it } from 'vitest';
import { inputTextOf } from '../format/time.ts';
import {
  boundsOf,
  durationMs,
  nameOfRange,
  parseAbsolute,
  readRange,
  shift,
  unixNanoOf,
  widen,
  withRange,
  writeRange,
} from './time-range.ts';

const nowMs = Date.parse('2026-03-29T12:00:00Z');
const hourMs = 3_600_000;
const noon = { kind: 'absolute', fromMs: nowMs - 3 * hourMs, toMs: nowMs - 2 * hourMs } as const;

describe('a time range', () => {
  it.each([
    ['', { kind: 'relative', last: '1h' }],
    ['range=15m', { kind: 'relative', last: '15m' }],
    ['range=all', { kind: 'all' }],
    ['range=soon', { kind: 'relative', last: '1h' }],
    ['range=0s', { kind: 'relative', last: '1h' }],
    ['range=99999d', { kind: 'relative', last: '1h' }],
    ['from=2026-03-29T09:00:00.000Z&to=2026-03-29T10:00:00Z&range=5m', noon],
    ['from=2026-03-29T11:00:00Z&to=2026-03-29T10:00:00Z', { kind: 'relative', last: '1h' }],
    ['from=2026-03-29T11:00:00Z', { kind: 'relative', last: '1h' }],
  ])('is read from the query string %j', (address, range) => {
    expect(readRange(new URLSearchParams(address), '1h')).toEqual(range);
  });

  it.each([{ kind: 'relative', last: '15m' }, { kind: 'relative', last: '1h' }, { kind: 'all' }, noon] as const)(
    'is the same after writing and reading it: %j',
    (range) => {
      expect(readRange(new URLSearchParams(writeRange(range, '1h')), '1h')).toEqual(range);
      expect(readRange(new URLSearchParams(writeRange(range, 'all')), 'all')).toEqual(range);
    },
  );

  it.each([
    ['/search', 'range=15m&service=web', '/search?range=15m'],
    [
      '/?service=web',
      'from=2026-03-29T09:00:00Z&to=2026-03-29T10:00:00Z',
      '/?service=web&from=2026-03-29T09%3A00%3A00Z&to=2026-03-29T10%3A00%3A00Z',
    ],
    ['/', 'refresh=5s', '/'],
    ['/', 'range=all', '/'],
  ])('is kept by a link to %s from the query string %s', (path, address, linked) => {
    expect(withRange(path, new URLSearchParams(address))).toBe(linked);
  });

  it('has bounds that are exact in nanoseconds', () => {
    expect(boundsOf({ kind: 'relative', last: '15m' }, nowMs)).toEqual({ fromMs: nowMs - 900_000, toMs: nowMs });
    expect(boundsOf(noon, nowMs)).toEqual({ fromMs: noon.fromMs, toMs: noon.toMs });
    expect(boundsOf({ kind: 'all' }, nowMs)).toBeUndefined();
    expect(unixNanoOf(nowMs + 1)).toBe('1774785600001000000');
  });

  it('moves back and forward, but not beyond now', () => {
    expect(shift(noon, -1, nowMs)).toEqual({ ...noon, fromMs: noon.fromMs - hourMs, toMs: noon.fromMs });
    expect(shift(noon, 1, nowMs)).toEqual({ ...noon, fromMs: noon.toMs, toMs: nowMs - hourMs });
    expect(shift({ kind: 'relative', last: '1h' }, -1, nowMs)).toEqual({
      kind: 'absolute',
      fromMs: nowMs - 2 * hourMs,
      toMs: nowMs - hourMs,
    });
    expect(shift(shift(shift(noon, 1, nowMs), 1, nowMs), 1, nowMs)).toEqual({
      kind: 'absolute',
      fromMs: nowMs - hourMs,
      toMs: nowMs,
    });
  });

  it('doubles its width around its middle, but not beyond now', () => {
    expect(widen(noon, nowMs)).toEqual({ ...noon, fromMs: noon.fromMs - hourMs / 2, toMs: noon.toMs + hourMs / 2 });
    expect(widen({ kind: 'relative', last: '1h' }, nowMs)).toEqual({
      kind: 'absolute',
      fromMs: nowMs - 2 * hourMs,
      toMs: nowMs,
    });
  });

  it('has a name that people read', () => {
    expect(nameOfRange({ kind: 'relative', last: '1h' })).toBe('Last hour');
    expect(nameOfRange({ kind: 'relative', last: '15m' })).toBe('Last 15 minutes');
    expect(nameOfRange({ kind: 'all' })).toBe('All time');
    const fromMs = new Date(2026, 2, 3, 9, 5, 7).getTime();
    expect(nameOfRange({ kind: 'absolute', fromMs, toMs: fromMs + 60_000 })).toBe('2026-03-03 09:05:07 – 09:06:07');
    expect(nameOfRange({ kind: 'absolute', fromMs, toMs: fromMs + 24 * hourMs })).toBe(
      '2026-03-03 09:05:07 – 2026-03-04 09:05:07',
    );
  });

  it.each([
    ['', '2026-03-29T10:00', 'From must be a date and time.'],
    ['2026-03-29T10:00', 'x', 'To must be a date and time.'],
    ['2026-03-29T10:00', '2026-03-29T10:00', 'From must be before To.'],
    ['1826-03-29T10:00', '2026-03-29T10:00', 'The range must be at most ten years.'],
  ])('is rejected from %j to %j', (from, to, message) => {
    expect(parseAbsolute(from, to)).toBe(message);
  });

  it('is the same after writing it to the inputs and parsing it', () => {
    expect(parseAbsolute(inputTextOf(noon.fromMs), inputTextOf(noon.toMs))).toEqual(noon);
    expect(durationMs('1.5h')).toBe(5_400_000);
  });
});
