import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseDuration } from '../format/duration.ts';
import { selectTimeZone } from '../format/time.ts';
import { boundText, durationTicks, timeTicks, widthOf } from './range-axes.ts';

const startMs = Date.UTC(2026, 10, 30, 3, 33, 44, 123);

/** Ranges from a millisecond to ten years. */
const rangesMs = Array.from({ length: 60 }, (_, n) => Math.round(1.5 ** n)).filter((ms) => ms < 3_650 * 86_400_000);

afterEach(() => {
  selectTimeZone('local');
  vi.unstubAllEnvs();
});

describe('timeTicks', () => {
  it.each([
    ['utc', 0],
    ['local', 5.5],
  ] as const)('has whole hours and days of the selected time zone: %s', (zone, aheadHours) => {
    vi.stubEnv('TZ', 'Asia/Kolkata');
    selectTimeZone(zone);
    const aheadMs = aheadHours * 3_600_000;
    const ticks = timeTicks(startMs, startMs + 2 * 86_400_000, 700);
    expect(ticks.map(({ text }) => text)).toContain('2026-12-01');
    for (const { value, text } of ticks) {
      const shown = new Date(value + aheadMs).toISOString();
      expect(text).toBe(shown.includes('T00:00') ? shown.slice(0, 10) : shown.slice(11, 16));
      expect(text).toMatch(/^[\d-]{10}$|:00$/);
    }
  });

  it.each([280, 700, 1400])('has labels that differ and do not overlap, on %i px', (widthPx) => {
    for (const rangeMs of rangesMs) {
      const ticks = timeTicks(startMs, startMs + rangeMs, widthPx);
      const boxes = ticks.map(({ value, text }) => {
        const x = ((value - startMs) / rangeMs) * widthPx;
        return { left: x - widthOf(text) / 2, right: x + widthOf(text) / 2, text };
      });
      for (const [n, { left, right, text }] of boxes.entries()) {
        expect(left).toBeGreaterThanOrEqual(0);
        expect(right).toBeLessThanOrEqual(widthPx);
        expect(boxes[n + 1]?.left ?? Infinity).toBeGreaterThan(right);
        expect(boxes[n + 1]?.text).not.toBe(text);
      }
    }
  });

  it('has several labels in any range, on 700 px', () => {
    for (const rangeMs of rangesMs.filter((ms) => ms >= 10))
      expect(timeTicks(startMs, startMs + rangeMs, 700).length, `${rangeMs} ms`).toBeGreaterThan(1);
  });
});

describe('durationTicks', () => {
  it.each([
    [1e6, 1.1e6, 150],
    [1, 1e13, 150],
    [4.1e7, 5.8e9, 150],
    [1e6, 2e6, 60],
  ])('has labels that differ and do not overlap, from %d to %d ns on %i px', (minNs, maxNs, heightPx) => {
    const ticks = durationTicks(minNs, maxNs, heightPx);
    const ys = ticks.map(({ value }) => (Math.log(value / minNs) / Math.log(maxNs / minNs)) * heightPx);
    for (const [n, y] of ys.slice(1).entries()) expect(y - (ys[n] ?? 0)).toBeGreaterThanOrEqual(12);
    expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
    expect(ticks.length).toBeGreaterThan(0);
  });
});

describe('boundText', () => {
  it.each([0.3, 1, 9, 999, 1_234_567, 1_999_999_999, 90_300_000_001, 4.2e12, 1e6, 123_456_789])(
    'includes a duration of %d ns in both directions',
    (ns) => {
      const [low = Infinity, high = -1] = [parseDuration(boundText(ns, 'down')), parseDuration(boundText(ns, 'up'))];
      expect(low).toBeLessThanOrEqual(ns);
      expect(high).toBeGreaterThanOrEqual(ns);
      expect(high - low).toBeLessThanOrEqual(Math.max(1, 0.02 * ns));
    },
  );
});
