import { formatDuration } from '../format/duration.ts';
import { timePartsOf, zoneOffsetMs } from '../format/time.ts';

/** A label of an axis. */
export interface Tick {
  /** In ms since 1970, or in ns. */
  readonly value: number;
  readonly text: string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const timeStepsMs: readonly number[] = [
  ...[1, 10, 100].flatMap((power) => [power, 2 * power, 5 * power]),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * second),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 2, 5, 7, 14, 30, 90, 365, 3650].map((days) => days * day),
];

/** An upper bound of the width of a character, and the least space between two labels, in px. */
const characterPx = 7.5;
const gapPx = 14;
const lineHeightPx = 18;

/** The width that a label takes at most, in px. */
export function widthOf(text: string): number {
  return text.length * characterPx;
}

/**
 * The labels of a time axis. No two of them overlap or are equal, and each one, centered on its time, is inside of the axis.
 *
 * @param widthPx of the axis
 */
export function timeTicks(fromMs: number, toMs: number, widthPx: number): readonly Tick[] {
  const spanMs = Math.max(toMs - fromMs, 1);
  const xOf = (ms: number): number => ((ms - fromMs) / spanMs) * widthPx;
  for (const stepMs of timeStepsMs) {
    // A step that is far too small would make many ticks for nothing.
    if ((stepMs / spanMs) * widthPx < gapPx) continue;
    // Whole steps of the time zone that is shown.
    const offsetMs = zoneOffsetMs(fromMs);
    const firstMs = Math.ceil((fromMs - offsetMs) / stepMs) * stepMs + offsetMs;
    const count = Math.floor((toMs - firstMs) / stepMs) + 1;
    const ticks = Array.from({ length: Math.max(count, 0) }, (_, n) => firstMs + n * stepMs)
      .map((value) => ({ value, text: timeText(value, stepMs) }))
      .filter(({ value, text }) => xOf(value) >= widthOf(text) / 2 && xOf(value) <= widthPx - widthOf(text) / 2);
    const isClear = ticks.every(({ value, text }, n) => {
      const next = ticks[n + 1];
      return next === undefined || xOf(next.value) - xOf(value) >= (widthOf(text) + widthOf(next.text)) / 2 + gapPx;
    });
    if (isClear) return ticks;
  }
  return [];
}

function timeText(ms: number, stepMs: number): string {
  const { day: dayText, time, milliseconds } = timePartsOf(ms);
  if (stepMs >= day || (time === '00:00:00' && milliseconds === '000')) return dayText;
  if (stepMs >= minute) return time.slice(0, 'HH:MM'.length);
  return stepMs >= second ? time : `${time}.${milliseconds}`;
}

/**
 * The labels of a logarithmic axis of durations. No two of them overlap.
 *
 * @param minNs the lower end, more than 0
 * @param heightPx of the axis
 */
export function durationTicks(minNs: number, maxNs: number, heightPx: number): readonly Tick[] {
  const [low, high] = [Math.log10(minNs), Math.log10(maxNs)];
  const yOf = (ns: number): number => ((Math.log10(ns) - low) / Math.max(high - low, 1e-9)) * heightPx;
  const decades = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, n) => Math.floor(low) + n);
  for (const digits of [[1, 2, 5], [1, 5], [1]]) {
    const values = decades
      .flatMap((decade) => digits.map((digit) => digit * 10 ** decade))
      .filter((ns) => ns >= minNs && ns <= maxNs);
    if (isSpaced(values.map(yOf))) return values.map((value) => ({ value, text: formatDuration(value) }));
  }
  const every = Math.ceil((decades.length * lineHeightPx) / Math.max(heightPx, 1));
  return decades
    .filter((decade, n) => n % every === 0 && 10 ** decade >= minNs && 10 ** decade <= maxNs)
    .map((decade) => ({ value: 10 ** decade, text: formatDuration(10 ** decade) }));
}

function isSpaced(positions: readonly number[]): boolean {
  return positions.every((position, n) => n === 0 || position - (positions[n - 1] ?? 0) >= lineHeightPx);
}

/**
 * Write a duration for a search with three digits, rounded outwards, so that the search finds what is at the edge.
 *
 * @param direction `down` for a lower bound, `up` for an upper one
 */
export function boundText(ns: number, direction: 'down' | 'up'): string {
  const round = direction === 'down' ? Math.floor : Math.ceil;
  if (ns < 1) return direction === 'down' ? '0 ns' : '1 ns';
  const unit = 10 ** Math.max(Math.floor(Math.log10(ns)) - 2, 0);
  const rounded = round(ns / unit) * unit;
  // Minutes and longer units would be rounded once more.
  return rounded < 60e9 ? formatDuration(rounded) : `${round(rounded / 1e9)} s`;
}
