import { useSyncExternalStore } from 'react';

/** The time zones in which the console can show times. */
export const timeZones = ['local', 'utc'] as const;
export type TimeZone = (typeof timeZones)[number];

const key = 'spandrel-time-zone';
const nsPerMs = 1_000_000n;

let selected: TimeZone | undefined;
const listeners = new Set<() => void>();

/** The time zone that was selected in this browser. */
export function selectedTimeZone(): TimeZone {
  // Tests of formats run without a browser.
  selected ??= timeZones.find((zone) => zone === globalThis.localStorage?.getItem(key)) ?? 'local';
  return selected;
}

/** Show all times in a time zone, also after the next load. */
export function selectTimeZone(zone: TimeZone): void {
  selected = zone;
  globalThis.localStorage?.setItem(key, zone);
  for (const listener of listeners) listener();
}

/** The name of a time zone: `UTC`, `Europe/Berlin`. */
export function nameOfTimeZone(zone: TimeZone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The selected time zone. A component that writes times is rendered again when it changes. */
export function useTimeZone(): TimeZone {
  return useSyncExternalStore(subscribe, selectedTimeZone);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The parts of a time in the selected time zone: `2026-11-30`, `03:33:43`, `007`. */
export interface TimeParts {
  readonly day: string;
  readonly time: string;
  readonly milliseconds: string;
}

/** @param ms since 1970 */
export function timePartsOf(ms: number): TimeParts {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return { day: '–', time: '–', milliseconds: '–' };
  // A date whose UTC fields are those of the local time.
  const shifted = new Date(ms - zoneOffsetMs(ms));
  const iso = (Number.isNaN(shifted.getTime()) ? date : shifted).toISOString();
  const [day = '', rest = ''] = iso.split('T');
  return { day, time: rest.slice(0, 8), milliseconds: rest.slice(9, 12) };
}

/** How far the selected time zone is behind UTC at a time. @param ms since 1970 */
export function zoneOffsetMs(ms: number): number {
  return selectedTimeZone() === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
}

/** Format a time to the millisecond: `2026-11-30 03:33:43.007`. @param unixNano decimal digits */
export function formatTime(unixNano: string): string {
  const { day, time, milliseconds } = timePartsOf(Number(BigInt(unixNano) / nsPerMs));
  return `${day} ${time}.${milliseconds}`;
}

/** Format a time to the second, with its day unless it is today: `03:33:43`. @param ms since 1970 */
export function formatMoment(ms: number, nowMs = Date.now()): string {
  const { day, time } = timePartsOf(ms);
  return day === timePartsOf(nowMs).day ? time : `${day} ${time}`;
}

/** A time as the value of a datetime-local input, to the second. @param ms since 1970 */
export function inputTextOf(ms: number): string {
  const { day, time } = timePartsOf(ms);
  return `${day}T${time}`;
}

/** The milliseconds since 1970 of the value of a datetime-local input; NaN if it is invalid. */
export function msOfInput(text: string): number {
  return Date.parse(selectedTimeZone() === 'utc' && /T[\d:.]+$/.test(text) ? `${text}Z` : text);
}
