/** Values that are hard on some part of the way from a client to the database and back. */
import type { SeededRandom } from '../../bench/corpus/random.ts';

export const awkwardTexts: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\\.',
  '\\N',
  '\t\n\r\b\f\v',
  '"\'\\',
  '{}',
  '[]',
  '\u{1F600}',
  '\uFFFF',
  '\uFEFF',
  '\u2028',
  'null',
  'NaN',
  '5.0',
  '-0',
  '1e999',
  '%',
  '_%\\',
  '$1',
  "'; DROP TABLE span; --",
  '<script>alert(1)</script>',
  'service.name',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'bytesValue',
  'doubleValue',
  'kvlistValue',
  'status',
  'é'.repeat(300),
  '\u0645\u0631\u062D\u0628\u0627',
  'İ',
  '../../etc/passwd',
];

export const awkwardIntegers: readonly bigint[] = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  255n,
  256n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 63n),
];

export const awkwardDoubles: readonly number[] = [
  0,
  -0,
  1,
  5e-324,
  1e21,
  1.5e-7,
  123_456_789.125,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  NaN,
  Infinity,
  -Infinity,
];

/** Bytes that are no UTF-8: a lone continuation, a surrogate, an overlong NUL, a sequence that is cut off, 0xFF. */
export const badUtf8: readonly Uint8Array[] = [
  Uint8Array.of(0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0x61, 0xf0, 0x9f, 0x98),
  Uint8Array.of(0xff, 0xfe, 0x61),
];

/** Names that a test's senders share, so that searches find something. */
export const serviceNames = ['shop', 'cart', 'payment', 'stock', '__proto__', 'mail "and" <more>'] as const;
export const spanNames = ['GET /', 'POST /orders', 'SELECT', 'send', 'quote "and" <angle>', 'constructor'] as const;
export const attributeKeys = ['http.status_code', 'user', 'db.statement', 'ok', 'ratio', '__proto__', 'list'] as const;

/** Most often an ordinary text, sometimes an awkward one, rarely a long one. */
export function anyText(random: SeededRandom, ordinary: readonly string[]): string {
  const roll = random.below(100);
  if (roll < 70) return random.pick(ordinary);
  if (roll < 90) return random.pick(awkwardTexts);
  if (roll < 98) return `text ${random.below(1_000)}`;
  return 'x'.repeat(logUniform(random, 16_384));
}

/** 1 to the bound; every power of two is as likely. */
export function logUniform(random: SeededRandom, bound: number): number {
  const power = (random.below(1_000_000) / 1_000_000) * Math.log2(bound);
  return Math.max(1, Math.min(bound, Math.round(2 ** power)));
}
