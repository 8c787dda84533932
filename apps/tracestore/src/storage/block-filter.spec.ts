import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../bench/corpus/random.ts';
import {
  attributeTerm,
  BlockFilter,
  bitOf,
  errorTerm,
  idTerm,
  keyTerm,
  murmur3,
  numbersOf,
  log2BucketOf,
  log2BucketTerm,
  saltOf,
  serviceTerm,
} from './block-filter.js';

function hashOf(text: string, seed = 0): number {
  const bytes = new TextEncoder().encode(text);
  return murmur3(bytes, new DataView(bytes.buffer), 0, bytes.length, seed);
}

const salt = 0x2f6_5a31;

/** Bits are numbered like those of PostgreSQL's get_bit. */
function has(filter: Uint8Array, term: number): boolean {
  return numbersOf(term).every((number) => {
    const place = bitOf(number, salt, filter.length * 8);
    return (((filter[place >>> 3] ?? 0) >>> (place & 7)) & 1) === 1;
  });
}

function filterOf(terms: readonly number[], own = salt): Uint8Array {
  const filter = new BlockFilter();
  filter.add(Uint32Array.from(terms), terms.length, own);
  return filter.take().slice();
}

describe('a term', () => {
  it('is MurmurHash3, equal to published test vectors', () => {
    expect(hashOf('')).toBe(0);
    expect(hashOf('', 1)).toBe(0x514e28b7);
    expect(hashOf('Hello, world!', 1234)).toBe(0xfaf6cdb3);
    expect(hashOf('test')).toBe(0xba6bd213);
    expect(hashOf('Hello, world!')).toBe(0xc0363e43);
    expect(hashOf('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723);
  });

  it('does not depend on the bytes around its text', () => {
    const bytes = new TextEncoder().encode('abcdefghijklmno');
    const view = new DataView(bytes.buffer);
    for (let start = 0; start < 8; start++) {
      for (let end = start; end <= bytes.length; end++) {
        expect(murmur3(bytes, view, start, end, 7)).toBe(hashOf('abcdefghijklmno'.slice(start, end), 7));
      }
    }
  });

  it('is computed from the JSON, so that types differ', () => {
    expect(keyTerm('a"b')).toBe(hashOf('"a\\"b"'));
    expect(attributeTerm('n', '5')).toBe(hashOf('5', keyTerm('n')));
    expect(attributeTerm('n', '5')).not.toBe(attributeTerm('n', '5.0'));
    expect(idTerm(-1n)).toBe(0xffff_ffff);
  });
});

describe('a log2 bucket', () => {
  it('rises with the duration up to the last bucket', () => {
    const durations = [-5, 0, 1, 2, 3, 4, 1e6, 2 ** 53 - 1, 2 ** 53, 2 ** 63 - 2048, 2 ** 64];
    expect(durations.map(log2BucketOf)).toEqual([0, 0, 0, 1, 1, 2, 19, 52, 53, 62, 63]);
  });

  it('has a different term for each service, and none equal to that of an error', () => {
    const terms = [serviceTerm('a'), serviceTerm('b')].flatMap((service) => [
      service,
      log2BucketTerm(service, 0),
      log2BucketTerm(service, 63),
      errorTerm(service),
    ]);
    expect(new Set(terms).size).toBe(8);
  });
});

describe('a Bloom filter', () => {
  const random = new SeededRandom(5);
  const terms = Array.from({ length: 2000 }, () => random.uint32());

  it.each([0, 1, 10, 100, 640, 2000])('of %i terms contains each of them', (count) => {
    const some = terms.slice(0, count);
    const filter = filterOf(some);
    expect(some.filter((term) => !has(filter, term))).toEqual([]);
  });

  it('is as small as its terms allow, and has few false positives', () => {
    for (const count of [3, 30, 300, 1200]) {
      const filter = filterOf(terms.slice(0, count));
      expect(filter.length).toBeLessThan(Math.max(113, count * 4));
      const others = Array.from({ length: 20_000 }, () => random.uint32());
      expect(others.filter((term) => has(filter, term)).length / others.length).toBeLessThan(0.005);
    }
  });

  it('has different bits with another salt, so that two terms share bits in one filter only', () => {
    const [one = 0] = terms;
    const salts = Array.from({ length: 200 }, () => saltOf(random.below(2 ** 32)));
    const places = salts.map((own) => numbersOf(one).map((number) => bitOf(number, own, 28_672)));
    expect(new Set(places.flat()).size).toBeGreaterThan(900);
    const filters = salts.map((own) => filterOf(terms.slice(0, 1_200), own));
    const passing = terms.slice(1_200, 1_300).map(
      (term) =>
        filters.filter((filter, n) =>
          numbersOf(term).every((number) => {
            const place = bitOf(number, salts[n] ?? 1, filter.length * 8);
            return (((filter[place >>> 3] ?? 0) >>> (place & 7)) & 1) === 1;
          }),
        ).length,
    );
    // Without a salt, a false positive would occur in all filters or none.
    expect(Math.max(...passing)).toBeLessThan(10);
  });

  it('is empty after clear', () => {
    const filter = new BlockFilter();
    filter.add(Uint32Array.from(terms), terms.length, salt);
    filter.take();
    filter.clear();
    expect(filter.take().every((byte) => byte === 0)).toBe(true);
  });
});
