import { two32 } from './postgres-time.js';

/*
 * What a block of spans has, as a Bloom filter: a set of bits of which every term that was put in has set some. A block
 * whose bits for a term are not all set has no span with it; the others have to be looked at.
 *
 * A term is a number of 32 bits for what a search may ask for:
 *
 *   a key of attributes   MurmurHash3 (x86, 32 bits, seed 0) of `"key"`, in UTF-8, as `attributesToJson` writes it
 *   an attribute          the same of its value, with the key's term as the seed: of strings, numbers, booleans and arrays
 *                         of them. The order of keys in a kvlist is not defined, so those can only be asked for by key.
 *   a dictionary's row    the lower half of its id
 *   a service             the attribute `service.name` of that value
 *   an outcome            that a service or an operation has a span which failed, or one whose duration is of an octave:
 *                         in nearly every block something is slow or fails, so the block's own figures say little of one
 *                         service. Made of the service's or operation's term and the outcome.
 *
 * A term has eight numbers of 31 bits, (h1 + i * h2) mod 2^32 / 2, i = 0 to 7, where h1 is the term and h2 its `stepOf`.
 * Each, times the filter's salt, modulo 2^32, divided by 2^8, modulo the number of the filter's bits, which is 7 times a
 * power of two, is a bit, as PostgreSQL's get_bit numbers them: the lowest of a byte first. The salt is an odd number of
 * 31 bits, another for each block: nearly all blocks have some terms in common, and what shared bits with those by chance
 * in one block would do so in all of them.
 */

/** How many bits a term sets. */
export const bitsPerTerm = 8;

/** @param id of a resource, a scope or an operation */
export function idTerm(id: bigint): number {
  return Number(BigInt.asUintN(32, id));
}

export function serviceTerm(name: string): number {
  return attributeTerm('service.name', JSON.stringify(name));
}

/** The last octave: no duration is as long as 2^64 ns. */
export const lastLog2Bucket = 63;

/** The octave of a duration, which is at least 2 to the power of it in ns; 0 for what is no longer than 1 ns. */
export function log2BucketOf(durationNs: number): number {
  if (!(durationNs > 1)) return 0;
  if (durationNs >= two32 * two32) return lastLog2Bucket;
  return durationNs < two32 ? 31 - Math.clz32(durationNs) : 63 - Math.clz32(durationNs / two32);
}

/** Of a service or an operation, by its term, which has a span whose duration is of an octave. */
export function log2BucketTerm(term: number, octave: number): number {
  return mix((term + Math.imul(octave + 1, 0x9e3779b9)) | 0);
}

/** Of a service or an operation, by its term, which has a span that failed. */
export function errorTerm(term: number): number {
  return log2BucketTerm(term, lastLog2Bucket + 1);
}

/** @param value as `attributesToJson` writes it */
export function attributeTerm(key: string, value: string): number {
  return hashOfText(value, keyTerm(key));
}

export function keyTerm(key: string): number {
  return hashOfText(JSON.stringify(key), 0);
}

/** How many bits of a term's number times the salt are left out, as those of few others add to them. */
export const saltShift = 8;

/** The numbers of a term, which a salt makes bits of. */
export function numbersOf(term: number): readonly number[] {
  const step = stepOf(term);
  return Array.from({ length: bitsPerTerm }, (_, index) => (term + Math.imul(index, step)) >>> 1);
}

/** A bit of a filter. @param salt see `saltOf` @param bits that the filter has */
export function bitOf(number: number, salt: number, bits: number): number {
  return (Math.imul(number, salt) >>> saltShift) % bits;
}

/** @param random a number of 32 bits @returns a salt of a filter */
export function saltOf(random: number): number {
  return (random >>> 1) | 1;
}

function hashOfText(text: string, seed: number): number {
  const bytes = Buffer.from(text);
  return murmur3(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, seed);
}

/**
 * MurmurHash3, x86, 32 bits, of some of the bytes of a buffer.
 *
 * @param view of the same bytes
 * @returns unsigned
 */
export function murmur3(bytes: Uint8Array, view: DataView, start: number, end: number, seed: number): number {
  const wordsEnd = end - ((end - start) & 3);
  let hash = seed | 0;
  let position = start;
  for (; position < wordsEnd; position += 4) {
    const word = Math.imul(view.getUint32(position, true), 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (position < end) {
    const word = Math.imul(lastBytes(bytes, view, position, end), 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  }
  return mix(hash ^ (end - start));
}

/** One to three bytes as a number, the first one lowest. What stands before them is read too, and shifted out. */
function lastBytes(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  if (end >= 4) return view.getUint32(end - 4, true) >>> ((start - end + 4) * 8);
  let word = 0;
  for (let position = start; position < end; position++)
    word |= (bytes[position] as number) << ((position - start) * 8);
  return word;
}

/** Odd, so that all bits of a term are different ones. */
function stepOf(term: number): number {
  return mix(term ^ 0x9e3779b9) | 1;
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Two such blocks, of two dozen traces each, still share a page. */
export const maxFilterBytes = 3584;
const minBytes = 112;

/** A power of two, some times as many as the terms that the spans of a block share. */
const recentTerms = 1024;

/** A filter is made smaller until a larger part of its bits is set. */
const fullEnough = 0.28;

/** A filter that is filled, taken, and filled again. */
export class BlockFilter {
  private readonly words = new Uint32Array(maxFilterBytes / 4);
  private readonly bytes = new Uint8Array(this.words.buffer);
  /** Most terms come again and again. */
  private readonly recent = new Uint32Array(recentTerms);

  /** @param terms of which the first so many count @param salt of the block, the same for all of its terms */
  add(terms: Uint32Array, count: number, salt: number): void {
    const { recent, bytes } = this;
    for (let place = 0; place < count; place++) {
      const term = terms[place] as number;
      const slot = term & (recentTerms - 1);
      if (recent[slot] === term && term !== 0) continue;
      recent[slot] = term;
      const step = stepOf(term);
      let number = term;
      for (let index = 0; index < bitsPerTerm; index++) {
        const bit = bitOf(number >>> 1, salt, maxFilterBytes * 8);
        bytes[bit >>> 3] = (bytes[bit >>> 3] as number) | (1 << (bit & 7));
        number = (number + step) | 0;
      }
    }
  }

  /** The filter in as many bytes as its terms need. Valid until the next call of another method. */
  take(): Uint8Array {
    const { words, bytes } = this;
    let size = words.length;
    while (size > minBytes / 4 && countBits(words, size) < fullEnough * size * 32) {
      size >>>= 1;
      for (let index = 0; index < size; index++) {
        words[index] = (words[index] as number) | (words[index + size] as number);
      }
    }
    return bytes.subarray(0, size * 4);
  }

  clear(): void {
    this.words.fill(0);
    this.recent.fill(0);
  }
}

function countBits(words: Uint32Array, length: number): number {
  let count = 0;
  for (let index = 0; index < length; index++) {
    let word = words[index] as number;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
