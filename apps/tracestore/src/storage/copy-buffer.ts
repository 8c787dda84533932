import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** Of one row, and those that share its chunk. What a request may become is bounded elsewhere, and so is a span. */
const maxChunkBytes = 256 * 1024 * 1024;

/** Rows of so many bytes are put aside, so that many rows are never copied to a larger buffer. */
const fullChunkBytes = 4 * 1024 * 1024;

/**
 * A growing buffer of rows in the binary format of COPY (PostgreSQL manual, "COPY", "Binary Format"): a row is the
 * number of its columns in two bytes, and of each column its length in four bytes, -1 for NULL, and its bytes.
 * Everything is big-endian.
 *
 * Rows are in chunks; a row is in one of them. Writing methods do not look at the capacity: whoever writes calls
 * `reserveRow` first with all that a row may need.
 */
export class CopyBuffer {
  bytes: Buffer;
  view: DataView;
  /** Where the next byte goes in the last chunk. */
  position = 0;
  /** Chunks before the last one, and how many bytes they have. */
  private readonly full: Buffer[] = [];
  private fullBytes = 0;

  constructor(private readonly initialBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Bytes of all rows. */
  get length(): number {
    return this.fullBytes + this.position;
  }

  /** All rows, in order. Valid until the next call of another method. */
  chunks(): readonly Buffer[] {
    return [...this.full, this.bytes.subarray(0, this.position)];
  }

  /** Takes back what came after some length. */
  truncate(length: number): void {
    while (length < this.fullBytes) {
      const last = this.full.pop() as Buffer;
      this.fullBytes -= last.length;
      this.use(Buffer.from(last.buffer as ArrayBuffer));
    }
    this.position = length - this.fullBytes;
  }

  /** Makes room for a row of so many bytes. */
  reserveRow(byteCount: number): void {
    if (this.position + byteCount > this.bytes.length && this.position >= fullChunkBytes) this.beginChunk(byteCount);
    this.reserve(byteCount);
  }

  private beginChunk(byteCount: number): void {
    this.full.push(this.bytes.subarray(0, this.position));
    this.fullBytes += this.position;
    this.use(Buffer.allocUnsafeSlow(Math.max(byteCount, fullChunkBytes)));
    this.position = 0;
  }

  private use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Makes room for so many bytes more within a row. */
  reserve(byteCount: number): void {
    const needed = this.position + byteCount;
    if (needed > this.bytes.length) this.grow(needed);
  }

  /** Empties the buffer. What an exceptional request has made it grow to is given back. */
  clear(): void {
    this.position = 0;
    this.full.length = 0;
    this.fullBytes = 0;
    if (this.bytes.length > this.initialBytes * 8) this.use(Buffer.allocUnsafeSlow(this.initialBytes));
  }

  private grow(needed: number): void {
    if (needed > maxChunkBytes)
      throw new TracestoreError(errorKinds.tooLarge, `its rows are larger than ${maxChunkBytes} bytes`);
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.use(larger);
  }

  beginRow(columns: number): void {
    this.view.setInt16(this.position, columns);
    this.position += 2;
  }

  null(): void {
    this.view.setInt32(this.position, -1);
    this.position += 4;
  }

  boolean(value: boolean): void {
    this.view.setInt32(this.position, 1);
    this.view.setUint8(this.position + 4, value ? 1 : 0);
    this.position += 5;
  }

  int16(value: number): void {
    this.view.setInt32(this.position, 2);
    this.view.setInt16(this.position + 4, value);
    this.position += 6;
  }

  int32(value: number): void {
    this.view.setInt32(this.position, 4);
    this.view.setInt32(this.position + 4, value);
    this.position += 8;
  }

  /** An int8 given in two halves, which spares a BigInt. */
  int64(high: number, low: number): void {
    this.view.setInt32(this.position, 8);
    this.view.setInt32(this.position + 4, high);
    this.view.setInt32(this.position + 8, low);
    this.position += 12;
  }

  /** An int8 that is exact in a `Number`, or need not be. */
  wide(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.int64(high, value - high * 0x1_0000_0000);
  }

  /** A column of bytes as they are: a uuid, a text. */
  copy(source: Uint8Array, start: number, length: number): void {
    this.view.setInt32(this.position, length);
    this.position += 4;
    this.append(source, start, length);
  }

  /** Bytes within a column. */
  append(source: Uint8Array, start: number, length: number): void {
    const { bytes } = this;
    if (length > 48) {
      bytes.set(source.subarray(start, start + length), this.position);
    } else {
      let to = this.position;
      for (let from = start; from < start + length; from++) bytes[to++] = source[from] as number;
    }
    this.position += length;
  }

  /** Makes sure that no more was written than there is room for: a typed array drops what is beyond its end. */
  requireReserved(): void {
    if (this.position > this.bytes.length) throw new Error('More was written than reserved');
  }

  float64(value: number): void {
    this.view.setInt32(this.position, 8);
    this.view.setFloat64(this.position + 4, value);
    this.position += 12;
  }

  /** An int4, or NULL for 0 where the table says that they mean the same. */
  int32OrNull(value: number): void {
    if (value === 0) this.null();
    else this.int32(value);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** Begins a column whose length is known when it has been written. @returns what `endColumn` wants */
  beginColumn(): number {
    this.position += 4;
    return this.position;
  }

  /**
   * Begins a column that is an array of one dimension without NULLs, in the form that PostgreSQL's `array_recv` reads.
   * Its elements are written as columns are. @returns what `endColumn` wants
   */
  beginArray(elementTypeOid: number, length: number): number {
    const start = this.beginColumn();
    for (const field of [1, 0, elementTypeOid, length, 1]) {
      this.view.setInt32(this.position, field);
      this.position += 4;
    }
    return start;
  }

  endColumn(start: number): void {
    this.view.setInt32(start - 4, this.position - start);
  }
}
