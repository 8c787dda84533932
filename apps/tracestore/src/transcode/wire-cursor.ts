import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { limits } from '../limits.js';

/** The most fields in unknown groups outside spans. OTLP has no groups. */
const maxGroupFields = limits.requestParts.value;

/** The most bytes of a skipped varint; protobuf-es skips more. */
const maxSkippedBytes = 64 * 1024;

/** The most levels of skipped groups, as in protobuf-es. */
const maxGroupDepth = 100;

/** The one error for a span that is not well-formed. It rejects only that span. */
export const brokenSpan = new Error('a span that is not well-formed');

/** Creates the error for a body that is not a request. @param at the byte where the decoder noticed it */
export function malformedRequest(what: string, at: number): TracestoreError {
  return new TracestoreError(errorKinds.undecodable, `${what} at byte ${at}`);
}

/** Reads protobuf's wire format (protobuf, "Encoding") in place, one field at a time. */
export abstract class WireCursor {
  protected source: Buffer = Buffer.alloc(0);
  protected view: DataView = new DataView(new ArrayBuffer(0));
  protected position = 0;
  /** Whether the last varint had bits above the 32 that `varint` returns. */
  protected varintIsLong = false;

  /** Fields in groups outside spans so far. */
  private groupFields = 0;

  /** Whether the cursor is within a span, whose length is known. */
  protected isWithinSpan = false;

  /** @returns the error to throw; within a span always the same one, to avoid an object per span */
  protected malformed(what: string, at: number): Error {
    return this.isWithinSpan ? brokenSpan : malformedRequest(what, at);
  }

  protected load(source: Buffer): void {
    this.source = source;
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.position = 0;
    this.groupFields = 0;
    this.isWithinSpan = false;
  }

  protected tag(): number {
    const start = this.position;
    const tag = this.varint();
    if (tag < 8) throw this.malformed('A field has number 0', start);
    const byteCount = this.position - start;
    if (byteCount > 5 || (byteCount === 5 && this.varintIsLong))
      throw this.malformed('A field has too large a number', start);
    return tag;
  }

  /** Reads a varint. @returns its lower 32 bits, unsigned */
  protected varint(): number {
    const { source } = this;
    let byte = source[this.position++] as number;
    this.varintIsLong = false;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = source[this.position++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    byte = source[this.position++] as number;
    value = (value | ((byte & 0x0f) << 28)) >>> 0;
    if ((byte & 0x70) !== 0) this.varintIsLong = true;
    for (let more = 0; byte >= 0x80 && more < 5; more++) {
      byte = source[this.position++] as number;
      if ((byte & 0x7f) !== 0) this.varintIsLong = true;
    }
    if (byte < 0x80) return value;
    throw this.malformed('A number has no end', this.position);
  }

  /** Reads the length of a field. @throws when the field exceeds `end` */
  protected length(end: number): number {
    const length = this.varint();
    if (this.position + length > end) throw this.malformed('A field is longer than its message', this.position);
    return length;
  }

  protected requireEnd(end: number): void {
    if (this.position !== end) throw this.malformed('A field is longer than its message', end);
  }

  /**
   * Skips an unknown field.
   *
   * @param highestNumber of the fields that the message defines: up to it, the wire type is wrong
   */
  protected skipNew(tag: number, end: number, highestNumber: number): void {
    if (tag >>> 3 <= highestNumber) throw this.malformed('A field has the wrong wire type', this.position);
    this.skipUnknown(tag, end, 0);
  }

  protected skipUnknown(tag: number, end: number, depth: number): void {
    switch (tag & 7) {
      case 0: {
        const last = this.position + maxSkippedBytes;
        while ((this.source[this.position++] as number) >= 0x80) {
          if (this.position > last) throw this.malformed('A number has no end', this.position);
        }
        break;
      }
      case 1:
        this.position += 8;
        break;
      case 2: {
        const length = this.length(end);
        this.position += length;
        break;
      }
      case 3:
        if (depth >= maxGroupDepth) throw this.malformed('Groups are nested too deep', this.position);
        for (let inner = this.tag(); inner !== tag + 1; inner = this.tag()) {
          if (!this.isWithinSpan && ++this.groupFields > maxGroupFields) {
            throw this.malformed('Groups have too many fields', this.position);
          }
          if ((inner & 7) === 4) throw this.malformed('A group ends that has not begun', this.position);
          this.skipUnknown(inner, end, depth + 1);
        }
        break;
      case 5:
        this.position += 4;
        break;
      default:
        throw this.malformed('A field has no wire type', this.position);
    }
    if (this.position > end) throw this.malformed('A field is longer than its message', this.position);
  }

  protected int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.source[this.position++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw this.malformed('A number has no end', this.position);
  }
}
