import { isUtf8 } from 'node:buffer';
import { doubleToJson, wrapperKeys } from './attribute-json.js';
import type { CopyBuffer } from './copy-buffer.js';
import { jsonbVersion } from './copy-rows.js';
import { memberPlaces, TermList } from './term-list.js';
import { WireCursor } from './wire-cursor.js';

/** Attributes with more bytes than this are the reference's business, which knows how much JSON is too much. */
const maxAttributesBytes = 1024 * 1024;

/** Arrays and lists within each other that are followed here; the reference goes on to its limit. */
const maxDepth = 16;

/** A set of attributes with more members is the reference's business. */
const maxMembers = 1024;

/** Characters of a double that is not written in hundreds of digits. */
const maxShortDouble = 25;

const postgresEpochMicros = 946_684_800_000_000;
const two32 = 4_294_967_296;

/** Thrown, always the same one, when a span has to go the reference's way. */
export const oddity = new Error('a span that the fast way does not know');

/** Writes columns of COPY from what the cursor stands before: times, texts, and attributes as jsonb. */
export abstract class ColumnTranscoder extends WireCursor {
  /** The last time's microseconds since 2000, and the nanoseconds that it had besides. */
  protected micros = 0;
  protected nanos = 0;

  /** The span's, its events' and its links' attributes. */
  protected readonly terms = new TermList();

  /** Where the key and the value of a member are that was read last; a value that is absent is at -1. */
  private key = 0;
  private keyLength = 0;
  private value = 0;
  private valueEnd = 0;

  /** The same of all members of a set of attributes, and in which order they are written. */
  private readonly keys = new Int32Array(maxMembers);
  private readonly keyLengths = new Int32Array(maxMembers);
  private readonly values = new Int32Array(maxMembers);
  private readonly valueEnds = new Int32Array(maxMembers);
  private readonly order = new Int32Array(maxMembers);

  /** As written: where each member starts, where its key ends, and where its value does. */
  private readonly written = new Int32Array(maxMembers * memberPlaces);

  /** A timestamptz, rounded down to the microsecond; the nanoseconds that are left are in `nanos`. */
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
    for (let index = start; index < start + length; index++) {
      const byte = source[index] as number;
      if (byte === 0) throw oddity;
      bits |= byte;
    }
    if (bits >= 0x80 && !isUtf8(source.subarray(start, start + length))) throw oddity;
    out.copy(source, start, length);
  }

  /**
   * A jsonb column of all the fields with a tag between two places. The members are in jsonb's own order, the shorter key
   * first, which PostgreSQL then needn't bring them into: that was a twentieth of what it does for a span.
   */
  protected attributes(out: CopyBuffer, from: number, end: number, wanted: number): void {
    const start = out.beginColumn();
    out.byte(jsonbVersion);
    const count = from < 0 ? 0 : this.members(from, end, wanted);
    if (count === 0) out.byte(0x7b);
    for (let place = 0; place < count; place++) {
      const member = this.order[place] as number;
      out.byte(place === 0 ? 0x7b : 0x2c);
      const memberStart = out.position;
      this.string(out, this.keys[member] as number, this.keyLengths[member] as number);
      const keyEnd = out.position;
      this.memberValue(out, this.values[member] as number, this.valueEnds[member] as number, 0);
      this.written[place * memberPlaces] = memberStart;
      this.written[place * memberPlaces + 1] = keyEnd;
      this.written[place * memberPlaces + 2] = out.position;
    }
    // Afterwards: a loop that hashes as well is too much for V8 to inline what it calls.
    this.terms.addAttributes(out.bytes, out.view, this.written, count);
    out.byte(0x7d);
    out.endColumn(start);
  }

  /** Finds the members of a set of attributes, and their order. @returns how many there are */
  private members(from: number, end: number, wanted: number): number {
    if (end - from > maxAttributesBytes) throw oddity;
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
      if (count === maxMembers) throw oddity;
      this.keys[count] = this.key;
      this.keyLengths[count] = this.keyLength;
      this.values[count] = this.value;
      this.valueEnds[count] = this.valueEnd;
      let place = count++;
      // Of a key that is there twice the last one stays behind the first, and counts.
      for (; place > 0 && this.isBefore(this.order[place - 1] as number); place--) {
        this.order[place] = this.order[place - 1] as number;
      }
      this.order[place] = count - 1;
    }
    return count;
  }

  /** Whether the member that was read last belongs before another. */
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

  /** Finds the key and the value of the KeyValue that ends there. */
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
        if (this.value >= 0) throw oddity;
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

  /** `"key":value` of a list in a value, where some keys have a meaning. */
  protected nestedMember(out: CopyBuffer, end: number, depth: number): void {
    this.member(end);
    const { key, keyLength, value, valueEnd } = this;
    if (wrapperKeys.has(latin1(this.source.subarray(key, key + keyLength)))) throw oddity;
    this.string(out, key, keyLength);
    this.memberValue(out, value, valueEnd, depth);
    this.position = end;
  }

  protected anyValue(out: CopyBuffer, end: number, depth: number): void {
    if (this.position === end) {
      this.ascii(out, 'null');
      return;
    }
    switch (this.tag()) {
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
      default:
        throw oddity;
    }
    // Another field: of several values the last one counts, and that is the reference's business.
    if (this.position !== end) throw oddity;
  }

  /** An ArrayValue or a KeyValueList: field 1, again and again. */
  protected list(out: CopyBuffer, end: number, depth: number, open: number, close: number): void {
    if (depth >= maxDepth) throw oddity;
    out.byte(open);
    for (let first = true; this.position < end; first = false) {
      if (this.tag() !== 10) throw oddity;
      const length = this.length(end);
      const elementEnd = this.position + length;
      if (!first) out.byte(0x2c);
      if (open === 0x5b) this.anyValue(out, elementEnd, depth + 1);
      else this.nestedMember(out, elementEnd, depth + 1);
      this.position = elementEnd;
    }
    this.requireEnd(end);
    out.byte(close);
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

  /** The decimal digits of a number from 0 to 2^49. */
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
    const json = doubleToJson(this.view.getFloat64(this.position, true));
    // Without exponents, very large and very small numbers are hundreds of characters long.
    if (json.length > maxShortDouble) throw oddity;
    this.position += 8;
    this.ascii(out, json);
  }

  protected ascii(out: CopyBuffer, text: string): void {
    const { bytes } = out;
    let to = out.position;
    for (let index = 0; index < text.length; index++) bytes[to++] = text.charCodeAt(index);
    out.position = to;
  }

  /** A string of JSON. */
  protected string(out: CopyBuffer, start: number, length: number): void {
    const { source, view } = this;
    const { bytes, view: outView } = out;
    const end = start + length;
    let from = start;
    let to = out.position;
    let bits = 0;
    bytes[to++] = 0x22;
    while (from < end) {
      // Four bytes at once, as long as each of them stands for itself.
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
          to = escapeControl(bytes, to, byte);
        }
      }
    }
    bytes[to++] = 0x22;
    out.position = to;
    if (bits >= 0x80 && !isUtf8(source.subarray(start, end))) throw oddity;
  }
}

/**
 * Whether one of four bytes is beyond ASCII, or has to be escaped in a string of JSON: a control character, a quotation
 * mark or a backslash. Taking away from a byte what it has to reach at least sets its highest bit if it does not.
 */
function isNotPlain(word: number): boolean {
  const quote = (word ^ 0x22222222) - 0x01010101;
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  return (((word - 0x20202020) | quote | backslash | word) & 0x80808080) !== 0;
}

/** A text with a character for each byte. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The letters of `\\b`, `\\t`, `\\n`, `\\f` and `\\r`, each at its character's number. */
const shortEscapes = Buffer.from('\0\0\0\0\0\0\0\0btn\0fr\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1');

/** @returns where the next byte goes */
function escapeControl(bytes: Uint8Array, at: number, control: number): number {
  let to = at;
  if (control === 0) {
    // U+FFFD, as jsonb has no U+0000.
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
