import { expect, it } from 'vitest';
import { createBackOff } from './back-off.ts';

it('starts well within two seconds, doubles, and stays within its bound', () => {
  const backOff = createBackOff();
  const delays = Array.from({ length: 10 }, () => backOff.nextDelayMs(0));
  expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
  expect(Math.max(...delays)).toBe(15_000);
  expect(delays.at(-1)).toBe(15_000);
});

it('forgives only a process that had been well for a while', () => {
  const backOff = createBackOff();
  backOff.nextDelayMs(0);
  backOff.nextDelayMs(0);
  expect(backOff.nextDelayMs(29_999)).toBe(800);
  expect(backOff.nextDelayMs(30_000)).toBe(200);
});
