import { isUtf8 } from 'node:buffer';
import { limits } from '../limits.js';
import { attributeProblems, doubleToJson, storableText, wrapperKeys } from '../storage/attribute-json.js';
import type { CopyBuffer } from '../storage/copy-buffer.js';
import { jsonbVersion } from '../storage/copy-rows.js';
import { postgresEpochMicros, two32 } from '../storage/postgres-time.js';
import { decodeText } from './text.js';
import { memberOffsets, type TermList } from '../storage/term-list.js';
import { WireCursor } from './wire-cursor.js';

const maxMembers = limits.attributes.value;
const maxKeyBytes = limits.attributeKeyBytes.value;
const maxValues = limits.spanValues.value;
const maxDepth = limits.attributeDepth.value;
const maxJsonBytes = limits.attributesJsonBytes.value;

/** Attributes that are sorted while they are read; a larger set is sorted afterwards. */
const maxInserted = 128;

const problems = {
  depth: `.attributes ${attributeProblems.depth}`,
  count: `.attributes ${attributeProblems.count}`,
  keyBytes: `.attributes ${attributeProblems.keyBytes}`,
  values: `.attributes ${attributeProblems.values}`,
  jsonBytes: `.attributes ${attributeProblems.jsonBytes}`,
  spanJsonBytes: `.attributes ${attributeProblems.spanJsonBytes}`,
} as const;

/** The most bytes of a row without its texts and attributes, with a margin. */
export const rowOverheadBytes = 320;

/** JSON has at most this many bytes for each byte of protobuf: `\\u001f` for one byte. */
export const jsonGrowth = 6;

/** Longer strings are written in pieces of this size, so that a set of attributes stops soon after its limit. */
const stringPieceBytes = 64 * 1024;

/** The highest tag of a field of AnyValue, with any wire type. */
const highestValueTag = 8 * 8 + 7;

/** The one error that sends a span to the fallback. */
export const needsFallback = new Error('the fast path cannot handle the span');

/** The one error for a span above a limit; `problem` names the limit. */
export const unstorable = new Error('the span is above a limit');

/** Writes columns of COPY from protobuf: times, texts, and attributes as jsonb. */
export abstract class ColumnTranscoder extends WireCursor {
  /** The last time: microseconds since 2000, and the remaining nanoseconds, 0 to 999. */
  protected micros = 0;
  protected nanos = 0;

  /** Bytes of JSON of the span's attributes so far, with those of its events and links. */
  protected jsonBytes = 0;

  /** Attribute values of the span so far; and the reason to reject it, which follows its path in the message. */
  protected valueCount = 0;
  protected problem = '';

  /** Bytes of the message (span, event or link) whose columns are being written: the reservation is based on it. */
  protected messageBytes = 0;

  /** The offset that the attributes being written must not exceed. */
  private jsonEnd = 0;

  /** Whether a string of these attributes had U+0000 or invalid UTF-8, which became U+FFFD. */
  private hasReplacements = false;

  /** The offsets of the key and the value that were read last; -1 for an absent value. */
  private key = 0;
  private keyLength = 0;
  private value = 0;
  private valueEnd = 0;

  /** The same for all members of a set of attributes, and the order in which they are written. */
  private readonly keys = new Int32Array(maxMembers);
  private readonly keyLengths = new Int32Array(maxMembers);
  private readonly values = new Int32Array(maxMembers);
  private readonly valueEnds = new Int32Array(maxMembers);
  private readonly order = new Int32Array(maxMembers);
  private readonly sorted = new Int32Array(maxMembers);

  /** The output offsets of each member: its start, the end of its key, and the end of its value. */
  private readonly written = new Int32Array(maxMembers * memberOffsets);

  /** @param terms collects the terms of the span, its events and its links */
  constructor(protected readonly terms: TermList) {
    super();
  }

  /** Appends a timestamptz, rounded down to the microsecond, and sets `nanos`. */
  protected time(out: CopyBuffer, high: number, low: number): void {
    const quotientHigh = Math.floor(high / 1000);
    const rest = (high - quotientHigh * 1000) * two32 + low;
    const quotientLow = Math.floor(rest / 1000);
    this.nanos = rest - quotientLow * 1000;
    this.micros = quotientHigh * two32 + quotientLow - postgresEpochMicros;
    out.wide(this.micros);
  }

  protected optionalText(out: CopyBuffer, start: number, length: number): void {
    if (length === 0) out.null();
    else this.text(out, start, length);
  }

  protected text(out: CopyBuffer, start: number, length: number): void {
    const { source } = this;
    let bits = 0;
    let hasNul = false;
    for (let index = start; index < start + length; index++) {
      const byte = source[index] as number;
      if (byte === 0) hasNul = true;
      bits |= byte;
    }
    if (hasNul || (bits >= 0x80 && !isUtf8(source.subarray(start, start + length)))) {
      const mended = Buffer.from(this.storable(start, length));
      out.copy(mended, 0, mended.length);
    } else {
      out.copy(source, start, length);
    }
  }

  private storable(start: number, length: number): string {
    return storableText(decodeText(this.source.subarray(start, start + length)));
  }

  /** @returns the error to throw for a span above a limit. @param problem a constant, to avoid a string per span */
  protected beyond(problem: string): Error {
    this.problem = problem;
    return unstorable;
  }

  /**
   * Appends attributes as a jsonb column. The members are in jsonb's own order, shorter keys first, so that PostgreSQL need
   * not sort them: that took 5 % of its time for a span.
   *
   * @param from offset of the first field, or -1 if there is none
   * @param end offset where the message's attributes end
   * @param wanted tag of the fields that are attributes
   */
  protected attributes(out: CopyBuffer, from: number, end: number, wanted: number): void {
    const start = out.beginColumn();
    this.jsonEnd = start + 1 + maxJsonBytes - this.jsonBytes;
    out.byte(jsonbVersion);
    const count = from < 0 ? 0 : this.members(from, end, wanted);
    this.hasReplacements = false;
    for (let isAsSent = false; ; isAsSent = true) {
      if (count === 0) out.byte(0x7b);
      for (let place = 0; place < count; place++) {
        const member = this.order[place] as number;
        out.byte(place === 0 ? 0x7b : 0x2c);
        const memberStart = out.position;
        this.string(out, this.keys[member] as number, this.keyLengths[member] as number);
        const keyEnd = out.position;
        this.memberValue(out, this.values[member] as number, this.valueEnds[member] as number, 0);
        this.written[place * memberOffsets] = memberStart;
        this.written[place * memberOffsets + 1] = keyEnd;
        this.written[place * memberOffsets + 2] = out.position;
      }
      out.byte(0x7d);
      if (isAsSent || !this.hasReplacements || !this.hasReplacedKey(count)) break;
      // Write again in the order of the request: replaced keys may be equal, and the last one then counts, as in jsonb.
      for (let member = 0; member < count; member++) this.order[member] = member;
      out.position = start + 1;
    }
    // A separate loop: V8 does not inline the calls of one that writes and hashes.
    this.terms.addAttributes(out.bytes, out.view, this.written, count);
    out.endColumn(start);
    this.requireShortJson(out);
    this.jsonBytes += out.position - start - 1;
  }

  /** Checks the length of the attributes that have been written so far. */
  private requireShortJson(out: CopyBuffer): void {
    if (out.position <= this.jsonEnd) return;
    throw this.beyond(this.jsonBytes === 0 ? problems.jsonBytes : problems.spanJsonBytes);
  }

  private hasReplacedKey(count: number): boolean {
    for (let member = 0; member < count; member++) {
      const key = this.keys[member] as number;
      const bytes = this.source.subarray(key, key + (this.keyLengths[member] as number));
      if (bytes.includes(0) || !isUtf8(bytes)) return true;
    }
    return false;
  }

  /** Finds the members of a set of attributes and their order. @returns the number of members */
  private members(from: number, end: number, wanted: number): number {
    let count = 0;
    this.position = from;
    while (this.position < end) {
      const tag = this.tag();
      if (tag !== wanted) {
        this.skipUnknown(tag, end, 0);
        continue;
      }
      const length = this.length(end);
      this.member(this.position + length);
      if (count === maxMembers) throw this.beyond(problems.count);
      if (this.keyLength > maxKeyBytes) throw this.beyond(problems.keyBytes);
      this.keys[count] = this.key;
      this.keyLengths[count] = this.keyLength;
      this.values[count] = this.value;
      this.valueEnds[count] = this.valueEnd;
      let place = count++;
      if (place < maxInserted) {
        // Equal keys keep their order, so the last one counts.
        for (; place > 0 && this.isBefore(this.order[place - 1] as number); place--) {
          this.order[place] = this.order[place - 1] as number;
        }
      }
      this.order[place] = count - 1;
    }
    this.countValues(count);
    if (count > maxInserted) this.sortMembers(count);
    return count;
  }

  protected countValues(count: number): void {
    this.valueCount += count;
    if (this.valueCount > maxValues) throw this.beyond(problems.values);
  }

  /** A bottom-up merge sort, which keeps the order of equal keys. */
  private sortMembers(count: number): void {
    const { order, sorted } = this;
    for (let member = 0; member < count; member++) order[member] = member;
    for (let width = 1; width < count; width *= 2) {
      for (let start = 0; start < count; start += width * 2) {
        const middle = Math.min(start + width, count);
        const end = Math.min(start + width * 2, count);
        let left = start;
        let right = middle;
        for (let place = start; place < end; place++) {
          const takesRight = left === middle || (right < end && this.comesBefore(right, left));
          sorted[place] = order[takesRight ? right++ : left++] as number;
        }
      }
      order.set(sorted.subarray(0, count));
    }
  }

  private comesBefore(place: number, otherPlace: number): boolean {
    const member = this.order[place] as number;
    this.key = this.keys[member] as number;
    this.keyLength = this.keyLengths[member] as number;
    return this.isBefore(this.order[otherPlace] as number);
  }

  /** Whether the member that was read last sorts before another. */
  private isBefore(member: number): boolean {
    const { source, view, key, keyLength } = this;
    const otherLength = this.keyLengths[member] as number;
    if (keyLength !== otherLength) return keyLength < otherLength;
    const other = this.keys[member] as number;
    let index = 0;
    for (; index + 4 <= keyLength; index += 4) {
      const word = view.getUint32(key + index);
      const otherWord = view.getUint32(other + index);
      if (word !== otherWord) return word < otherWord;
    }
    for (; index < keyLength; index++) {
      const difference = (source[key + index] as number) - (source[other + index] as number);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  /** Finds the key and the value of a KeyValue that ends at `end`. */
  private member(end: number): void {
    this.key = 0;
    this.keyLength = 0;
    this.value = -1;
    this.valueEnd = 0;
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 10) {
        this.keyLength = this.length(end);
        this.key = this.position;
        this.position += this.keyLength;
      } else if (tag === 18) {
        const length = this.length(end);
        if (this.value >= 0) throw needsFallback;
        this.value = this.position;
        this.position += length;
        this.valueEnd = this.position;
      } else if (tag === 24) {
        this.varint();
      } else {
        this.skipNew(tag, end, 3);
      }
    }
    this.requireEnd(end);
  }

  private memberValue(out: CopyBuffer, value: number, valueEnd: number, depth: number): void {
    out.byte(0x3a);
    if (value < 0) {
      this.ascii(out, 'null');
    } else {
      this.position = value;
      this.anyValue(out, valueEnd, depth);
    }
  }

  /** Appends `"key":value` of a nested key-value list, in which wrapper keys need the fallback. */
  protected nestedMember(out: CopyBuffer, end: number, depth: number): void {
    this.member(end);
    const { key, keyLength, value, valueEnd } = this;
    if (wrapperKeys.has(latin1(this.source.subarray(key, key + keyLength)))) throw needsFallback;
    this.string(out, key, keyLength);
    this.memberValue(out, value, valueEnd, depth);
    this.position = end;
  }

  protected anyValue(out: CopyBuffer, end: number, depth: number): void {
    if (this.position === end) {
      this.ascii(out, 'null');
      return;
    }
    const tag = this.tag();
    switch (tag) {
      case 10: {
        const length = this.length(end);
        this.string(out, this.position, length);
        this.position += length;
        break;
      }
      case 16:
        this.ascii(out, this.varint() !== 0 || this.varintIsLong ? 'true' : 'false');
        break;
      case 24:
        this.int(out);
        break;
      case 33:
        this.double(out);
        break;
      default:
        this.rareValue(out, tag, end, depth);
    }
    // Repeated fields are merged by the fallback.
    if (this.position !== end) this.requireUnknown(end);
  }

  private rareValue(out: CopyBuffer, tag: number, end: number, depth: number): void {
    switch (tag) {
      case 42: {
        const length = this.length(end);
        this.list(out, this.position + length, depth, 0x5b, 0x5d);
        break;
      }
      case 50: {
        const length = this.length(end);
        this.list(out, this.position + length, depth, 0x7b, 0x7d);
        break;
      }
      case 58: {
        const length = this.length(end);
        this.bytesValue(out, this.position, length);
        this.position += length;
        break;
      }
      default: {
        // A reference to the string table of a profile.
        if (tag === 64) throw needsFallback;
        if (tag <= highestValueTag) throw this.malformed('A field has the wrong wire type', this.position);
        this.position = this.startOfKnown(tag, end);
        this.anyValue(out, end, depth);
      }
    }
  }

  /** @returns the offset of the first known field of an AnyValue, or its end */
  private startOfKnown(unknown: number, end: number): number {
    let tag = unknown;
    let start = this.position;
    while (tag > highestValueTag) {
      this.skipUnknown(tag, end, 0);
      start = this.position;
      if (start === end) break;
      tag = this.tag();
    }
    return start;
  }

  private requireUnknown(end: number): void {
    while (this.position < end) {
      const tag = this.tag();
      if (tag >>> 3 <= 8) throw needsFallback;
      this.skipUnknown(tag, end, 0);
    }
    this.requireEnd(end);
  }

  /** Appends an ArrayValue or a KeyValueList. Both consist of fields 1. */
  protected list(out: CopyBuffer, end: number, depth: number, open: number, close: number): void {
    if (depth >= maxDepth) throw this.beyond(problems.depth);
    out.byte(open);
    let count = 0;
    while (this.position < end) {
      const tag = this.tag();
      if (tag !== 10) {
        this.skipNew(tag, end, 1);
        continue;
      }
      const length = this.length(end);
      const elementEnd = this.position + length;
      if (count++ > 0) out.byte(0x2c);
      if (count > maxValues) throw this.beyond(problems.values);
      this.requireShortJson(out);
      if (open === 0x5b) this.anyValue(out, elementEnd, depth + 1);
      else this.nestedMember(out, elementEnd, depth + 1);
      this.position = elementEnd;
    }
    this.requireEnd(end);
    out.byte(close);
    this.countValues(count);
  }

  private bytesValue(out: CopyBuffer, start: number, length: number): void {
    const { source } = this;
    this.ascii(out, '{"bytesValue":"');
    const { bytes } = out;
    let to = out.position;
    const end = start + length;
    const wholeEnd = end - (length % 3);
    let from = start;
    for (; from < wholeEnd; from += 3) {
      const three =
        ((source[from] as number) << 16) | ((source[from + 1] as number) << 8) | (source[from + 2] as number);
      bytes[to++] = base64[three >>> 18] as number;
      bytes[to++] = base64[(three >>> 12) & 63] as number;
      bytes[to++] = base64[(three >>> 6) & 63] as number;
      bytes[to++] = base64[three & 63] as number;
    }
    if (from < end) {
      const second = from + 1 < end ? (source[from + 1] as number) : 0;
      const two = ((source[from] as number) << 8) | second;
      bytes[to++] = base64[two >>> 10] as number;
      bytes[to++] = base64[(two >>> 4) & 63] as number;
      bytes[to++] = from + 1 < end ? (base64[(two & 15) << 2] as number) : 0x3d;
      bytes[to++] = 0x3d;
    }
    out.position = to;
    this.ascii(out, '"}');
  }

  protected int(out: CopyBuffer): void {
    const { source } = this;
    let value = 0;
    let scale = 1;
    let byte: number;
    const start = this.position;
    do {
      byte = source[this.position++] as number;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80 && this.position < start + 7);
    if (byte < 0x80) {
      this.number(out, value);
    } else {
      this.position = start;
      this.ascii(out, String(this.int64()));
    }
  }

  /** Appends an integer from 0 to 2^49 as decimal digits. */
  protected number(out: CopyBuffer, value: number): void {
    const { bytes } = out;
    let digits = 1;
    for (let bound = 10; bound <= value; bound *= 10) digits++;
    let at = out.position + digits;
    out.position = at;
    let rest = value;
    do {
      const quotient = Math.floor(rest / 10);
      bytes[--at] = 0x30 + (rest - quotient * 10);
      rest = quotient;
    } while (rest > 0);
  }

  protected double(out: CopyBuffer): void {
    const value = this.view.getFloat64(this.position, true);
    this.position += 8;
    const magnitude = Math.abs(value);
    // String() writes these with an exponent.
    const isLong = magnitude < 1e-6 ? magnitude > 0 : magnitude >= 1e21 && magnitude < Infinity;
    if (isLong) this.longDouble(out, value);
    else this.ascii(out, doubleToJson(value));
  }

  /** Appends what `doubleToJson` returns, without a string of hundreds of zeros. */
  private longDouble(out: CopyBuffer, value: number): void {
    const text = String(value);
    const exponentAt = text.indexOf('e');
    const exponent = Number(text.slice(exponentAt + 1));
    const from = value < 0 ? 1 : 0;
    const digits = text.slice(from, exponentAt).replace('.', '');
    const zeros = exponent < 0 ? -exponent - 1 : exponent + 1 - digits.length;
    out.reserve(rowOverheadBytes + digits.length + zeros + jsonGrowth * this.messageBytes);
    if (value < 0) this.ascii(out, '-');
    if (exponent < 0) this.ascii(out, '0.');
    else this.ascii(out, digits);
    out.bytes.fill(0x30, out.position, out.position + zeros);
    out.position += zeros;
    this.ascii(out, exponent < 0 ? digits : '.0');
  }

  protected ascii(out: CopyBuffer, text: string): void {
    const { bytes } = out;
    let to = out.position;
    for (let index = 0; index < text.length; index++) bytes[to++] = text.charCodeAt(index);
    out.position = to;
  }

  /** Appends a JSON string. */
  protected string(out: CopyBuffer, start: number, length: number): void {
    if (length > stringPieceBytes) {
      this.longString(out, start, length);
      return;
    }
    const { source, view } = this;
    const { bytes, view: outView } = out;
    const end = start + length;
    let from = start;
    let to = out.position;
    let bits = 0;
    bytes[to++] = 0x22;
    while (from < end) {
      // Copy four bytes at once while none of them needs an escape.
      while (from + 4 <= end) {
        const word = view.getInt32(from, true);
        if (isNotPlain(word)) break;
        outView.setInt32(to, word, true);
        from += 4;
        to += 4;
      }
      for (const stop = Math.min(from + 4, end); from < stop; from++) {
        const byte = source[from] as number;
        bits |= byte;
        if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) {
          bytes[to++] = byte;
        } else if (byte === 0x22 || byte === 0x5c) {
          bytes[to++] = 0x5c;
          bytes[to++] = byte;
        } else {
          if (byte === 0) this.hasReplacements = true;
          to = escapeControl(bytes, to, byte);
        }
      }
    }
    bytes[to++] = 0x22;
    if (bits >= 0x80 && !isUtf8(source.subarray(start, end))) {
      this.hasReplacements = true;
      to = out.position;
      to += bytes.write(JSON.stringify(this.storable(start, length)), to);
    }
    out.position = to;
  }

  /** Appends a long string in pieces, so that it stops soon after the limit even if every byte needs an escape. */
  private longString(out: CopyBuffer, start: number, length: number): void {
    const end = start + length;
    for (let from = start; from < end;) {
      const to = this.startOfCharacter(from + stringPieceBytes, end);
      if (from === start) {
        this.string(out, from, to - from);
      } else {
        // Remove the quotation marks between the pieces.
        const last = out.position - 2;
        const byte = out.bytes[last] as number;
        out.position = last;
        this.string(out, from, to - from);
        out.bytes[last] = byte;
      }
      this.requireShortJson(out);
      from = to;
    }
  }

  /** @returns the offset where the UTF-8 character at an offset starts; at most `end` */
  private startOfCharacter(at: number, end: number): number {
    if (at >= end) return end;
    for (let start = at; start > at - 4; start--) if (((this.source[start] as number) & 0xc0) !== 0x80) return start;
    return at;
  }
}

/**
 * Whether one of four bytes is outside ASCII or needs an escape in a JSON string: a control character, a quotation mark or
 * a backslash. Subtracting a bound from a byte sets its highest bit if the byte is below the bound.
 */
function isNotPlain(word: number): boolean {
  const quote = (word ^ 0x22222222) - 0x01010101;
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  return (((word - 0x20202020) | quote | backslash | word) & 0x80808080) !== 0;
}

const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');

/** @returns a string with one character for each byte */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The letters of `\\b`, `\\t`, `\\n`, `\\f` and `\\r`, indexed by character code. */
const shortEscapes = Buffer.from('\0\0\0\0\0\0\0\0btn\0fr\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1');

/** @returns the offset of the next byte */
function escapeControl(bytes: Uint8Array, at: number, control: number): number {
  let to = at;
  if (control === 0) {
    // U+FFFD, because jsonb cannot store U+0000.
    bytes[to++] = 0xef;
    bytes[to++] = 0xbf;
    bytes[to++] = 0xbd;
    return to;
  }
  bytes[to++] = 0x5c;
  const letter = shortEscapes[control] as number;
  if (letter !== 0) {
    bytes[to++] = letter;
    return to;
  }
  bytes[to++] = 0x75;
  bytes[to++] = 0x30;
  bytes[to++] = 0x30;
  bytes[to++] = 0x30 + (control >>> 4);
  bytes[to++] = '0123456789abcdef'.charCodeAt(control & 15);
  return to;
}
