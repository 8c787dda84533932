/** Values that are difficult for some encoder, decoder or database type. */
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

/** Invalid UTF-8: a lone continuation byte, surrogates, an overlong NUL, a truncated sequence, 0xFF. */
export const badUtf8: readonly Uint8Array[] = [
  Uint8Array.of(0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0x61, 0xf0, 0x9f, 0x98),
  Uint8Array.of(0xff, 0xfe, 0x61),
];

/** Names that all senders share, so that searches have results. */
export const serviceNames = ['shop', 'cart', 'payment', 'stock', '__proto__', 'mail "and" <more>'] as const;
export const spanNames = ['GET /', 'POST /orders', 'SELECT', 'send', 'quote "and" <angle>', 'constructor'] as const;
export const attributeKeys = ['http.status_code', 'user', 'db.statement', 'ok', 'ratio', '__proto__', 'list'] as const;

/** Draws an ordinary text (70 %), a difficult one (20 %), or a new or long one. */
export function anyText(random: SeededRandom, ordinary: readonly string[]): string {
  const roll = random.below(100);
  if (roll < 70) return random.pick(ordinary);
  if (roll < 90) return random.pick(awkwardTexts);
  if (roll < 98) return `text ${random.below(1_000)}`;
  return 'x'.repeat(logUniform(random, 16_384));
}

/** Draws an integer from 1 to `bound`; every power of two is equally likely. */
export function logUniform(random: SeededRandom, bound: number): number {
  const power = (random.below(1_000_000) / 1_000_000) * Math.log2(bound);
  return Math.max(1, Math.min(bound, Math.round(2 ** power)));
}
