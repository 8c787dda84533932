import { expect, it } from 'vitest';
import { BackOff } from './supervised-child.ts';

it('BackOff starts at 200 ms, doubles, and stops at 15 s', () => {
  const backOff = new BackOff();
  const delays = Array.from({ length: 10 }, () => backOff.nextDelayMs(0));
  expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
  expect(Math.max(...delays)).toBe(15_000);
  expect(delays.at(-1)).toBe(15_000);
});

it('BackOff starts again at 200 ms after a process was ready for 30 s', () => {
  const backOff = new BackOff();
  backOff.nextDelayMs(0);
  backOff.nextDelayMs(0);
  expect(backOff.nextDelayMs(29_999)).toBe(800);
  expect(backOff.nextDelayMs(30_000)).toBe(200);
});
