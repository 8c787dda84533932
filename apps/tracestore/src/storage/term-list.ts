import { errorTerm, idTerm, murmur3, log2BucketOf, log2BucketTerm } from './block-filter.js';

const initialTerms = 1024;

/** The first byte of an array in JSON. */
const openBracket = 0x5b;

/** An attribute is described by this many offsets. */
export const memberOffsets = 3;

/** The terms of a span, which are added to the Bloom filter of its block. */
export class TermList {
  /** Only the first `count` elements are valid. */
  terms = new Uint32Array(initialTerms);
  count = 0;

  add(term: number): void {
    if (this.count === this.terms.length) {
      const longer = new Uint32Array(this.terms.length * 2);
      longer.set(this.terms);
      this.terms = longer;
    }
    this.terms[this.count++] = term;
  }

  addId(id: bigint): void {
    this.add(idTerm(id));
  }

  /** Adds the term of a service or operation, with the duration and the result of a span of it. */
  addOutcome(term: number, durationNs: number, isError: boolean): void {
    this.add(term);
    this.add(log2BucketTerm(term, log2BucketOf(durationNs)));
    if (isError) this.add(errorTerm(term));
  }

  /**
   * Adds attributes and their keys.
   *
   * @param offsets of each attribute's JSON in the bytes: its start, the end of its key, and its end
   * @param count the number of attributes
   */
  addAttributes(bytes: Uint8Array, view: DataView, offsets: Int32Array, count: number): void {
    for (let at = 0; at < count * memberOffsets; at += memberOffsets) {
      this.addAttribute(bytes, view, offsets[at] as number, offsets[at + 1] as number, offsets[at + 2] as number);
    }
  }

  private addAttribute(bytes: Uint8Array, view: DataView, start: number, keyEnd: number, end: number): void {
    const keyTerm = murmur3(bytes, view, start, keyEnd, 0);
    this.add(keyTerm);
    this.add(murmur3(bytes, view, keyEnd + 1, end, keyTerm));
    if (bytes[keyEnd + 1] === openBracket) this.add(murmur3(bytes, view, keyEnd + 1, keyEnd + 2, keyTerm));
  }

  /** Adds all attributes of a set. @param json as `attributesToJson` writes it */
  addJson(json: string): void {
    const bytes = Buffer.from(json);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let start = 1; start < bytes.length - 1;) {
      const keyEnd = endOfString(bytes, start);
      const end = endOfValue(bytes, keyEnd + 1);
      this.addAttribute(bytes, view, start, keyEnd, end);
      start = end + 1;
    }
  }

  /** Empties the list, and frees memory that an unusually large span has used. */
  clear(): void {
    this.count = 0;
    if (this.terms.length > initialTerms * 16) this.terms = new Uint32Array(initialTerms);
  }
}

/** @param start offset of the opening quote @returns the offset after the closing one */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (json[at] !== 0x22) at += json[at] === 0x5c ? 2 : 1;
  return at + 1;
}

/** @returns the offset of the comma or brace after a value */
function endOfValue(json: Uint8Array, start: number): number {
  let at = start;
  for (let depth = 0; ;) {
    const byte = json[at];
    if (byte === 0x22) {
      at = endOfString(json, at);
      continue;
    }
    if (depth === 0 && (byte === 0x2c || byte === 0x7d)) return at;
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    at++;
  }
}
