import { two32 } from './postgres-time.js';

/*
 * The Bloom filter of a block of spans. Every term of a span sets eight bits. If one of a term's bits is not set, no span
 * of the block has the term; otherwise a search must read the spans.
 *
 * A term is a 32-bit hash of something that a search can ask for:
 *
 *   attribute key      MurmurHash3 (x86, 32 bits, seed 0) of `"key"` in UTF-8, as `attributesToJson` writes it
 *   attribute          the same hash of the value, with the key's term as seed: for strings, numbers, booleans and
 *                      arrays. Keys of a kvlist have no defined order, so a search can only ask for its key.
 *   array              an attribute is an array: the hash of `[`, with the key's term as seed. Some element may be what a
 *                      search asks for.
 *   dictionary row     the lower half of its id
 *   service            the attribute `service.name` with its name
 *   outcome            a service or operation has a failed span, or a span in a log2 bucket of durations. Nearly every
 *                      block has some slow or failed span, so its duration and error columns say little about one
 *                      service. The hash is over the term of the service or operation and the outcome.
 *
 * Bit i of a term, i = 0 to 7:
 *
 *   number = ((h1 + i * h2) mod 2^32) / 2, where h1 is the term and h2 its `stepOf`
 *   bit    = ((number * salt) mod 2^32) / 2^8 mod bits, where bits is the filter's size, 7 times a power of two
 *
 * Bits are numbered like those of PostgreSQL's get_bit: the lowest of a byte first. The salt is an odd 31-bit number that
 * differs between blocks: nearly all blocks share some terms, and without a salt a false positive in one block would be
 * one in all of them.
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

/** The last log2 bucket: every duration is shorter than 2^64 ns. */
export const lastLog2Bucket = 63;

/** @returns the log2 bucket n of a duration: from 2^n ns to less than 2^(n+1) ns; 0 for durations up to 1 ns */
export function log2BucketOf(durationNs: number): number {
  if (!(durationNs > 1)) return 0;
  if (durationNs >= two32 * two32) return lastLog2Bucket;
  return durationNs < two32 ? 31 - Math.clz32(durationNs) : 63 - Math.clz32(durationNs / two32);
}

/** The term "has a span in a log2 bucket". @param term of the service or operation */
export function log2BucketTerm(term: number, bucket: number): number {
  return mix((term + Math.imul(bucket + 1, 0x9e3779b9)) | 0);
}

/** The term "has a failed span". @param term of the service or operation */
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

/** The lowest bits of the product are dropped, because only the lowest bits of its factors affect them. */
export const saltShift = 8;

/** The eight numbers of a term, which a filter's salt maps to bits. */
export function numbersOf(term: number): readonly number[] {
  const step = stepOf(term);
  return Array.from({ length: bitsPerTerm }, (_, index) => (term + Math.imul(index, step)) >>> 1);
}

/**
 * Maps a number of a term to a bit of a filter.
 *
 * @param salt of the filter, from `saltOf`
 * @param bits the size of the filter
 */
export function bitOf(number: number, salt: number, bits: number): number {
  return (Math.imul(number, salt) >>> saltShift) % bits;
}

/** @param random any 32-bit number @returns a salt for a filter */
export function saltOf(random: number): number {
  return (random >>> 1) | 1;
}

function hashOfText(text: string, seed: number): number {
  const bytes = Buffer.from(text);
  return murmur3(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, seed);
}

/**
 * Computes MurmurHash3 (x86, 32 bits) of the bytes from `start` to `end`.
 *
 * @param view of the same bytes
 * @returns an unsigned 32-bit integer
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

/** One to three bytes as a little-endian number. Preceding bytes are read too, and shifted out. */
function lastBytes(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  if (end >= 4) return view.getUint32(end - 4, true) >>> ((start - end + 4) * 8);
  let word = 0;
  for (let position = start; position < end; position++)
    word |= (bytes[position] as number) << ((position - start) * 8);
  return word;
}

/** An odd step, so that the numbers of a term differ. */
function stepOf(term: number): number {
  return mix(term ^ 0x9e3779b9) | 1;
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Two blocks with such filters and 24 traces each fit in one page of 8 KiB. */
export const maxFilterBytes = 3584;
const minBytes = 112;

/** Size of the cache of recent terms: a power of two, several times the number of terms that a block's spans share. */
const recentTerms = 1024;

/** A filter is halved until at least this fraction of its bits is set. */
const fullEnough = 0.28;

/** Builds the filters of blocks, one after the other: `add` terms, `take` the filter, `clear`. */
export class BlockFilter {
  private readonly words = new Uint32Array(maxFilterBytes / 4);
  private readonly bytes = new Uint8Array(this.words.buffer);
  /** Recently added terms, because most terms repeat. */
  private readonly recent = new Uint32Array(recentTerms);

  /** Adds the first `count` terms. @param salt of the block: the same for all of its terms */
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

  /** @returns the filter in the size that its terms need; valid until the next call of another method */
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
