import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatMoment, formatTime, inputTextOf, msOfInput, selectTimeZone, timePartsOf } from './time.ts';

const ms = Date.UTC(2026, 10, 30, 3, 33, 43, 7);

// Half an hour off from UTC, so that local times differ from UTC on every machine.
beforeEach(() => vi.stubEnv('TZ', 'Asia/Kolkata'));

afterEach(() => {
  vi.unstubAllEnvs();
  selectTimeZone('local');
});

describe('times', () => {
  it('have one style, to the millisecond, second or without the day of today', () => {
    selectTimeZone('utc');
    expect(formatTime(`${ms}999999`)).toBe('2026-11-30 03:33:43.007');
    expect(formatMoment(ms, ms + 60_000)).toBe('03:33:43');
    expect(formatMoment(ms, ms + 86_400_000)).toBe('2026-11-30 03:33:43');
  });

  it('are in local time unless UTC is selected', () => {
    expect(timePartsOf(ms)).toEqual({ day: '2026-11-30', time: '09:03:43', milliseconds: '007' });
    selectTimeZone('utc');
    expect(timePartsOf(ms)).toEqual({ day: '2026-11-30', time: '03:33:43', milliseconds: '007' });
  });

  it.each(['local', 'utc'] as const)('are read back from an input in %s time', (zone) => {
    selectTimeZone(zone);
    expect(msOfInput(inputTextOf(ms))).toBe(ms - 7);
    expect(msOfInput('soon')).toBeNaN();
  });

  it('of any span can be written', () => {
    selectTimeZone('utc');
    expect(formatTime('0')).toBe('1970-01-01 00:00:00.000');
    expect(formatTime(String(2n ** 64n - 1n))).toBe('2554-07-21 23:34:33.709');
    expect(formatMoment(Number.NaN)).toBe('– –');
  });
});
