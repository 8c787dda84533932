import { expect, it } from 'vitest';
import { formatBytes } from './bytes.ts';

it.each([
  [0, '0 B'],
  [1023, '1,020 B'],
  [1536, '1.5 KiB'],
  [12_900_000, '12.3 MiB'],
  [5e15, '4,550 TiB'],
])('formatBytes writes %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
