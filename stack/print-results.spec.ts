import { expect, it } from 'vitest';
import { rounded } from './print-results.ts';

it.each([
  ['0.123456789012345', '0.1235'],
  ['1234.56789', '1235'],
  ['12.3000000000000000', '12.3'],
  ['1.5e-07', '1.5e-7'],
  ['1700000000000000001', '1700000000000000001'],
  ['NaN', 'NaN'],
])('rounded prints %s as %s', (text, expected) => {
  expect(rounded(text)).toBe(expected);
});
