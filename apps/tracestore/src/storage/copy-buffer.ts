import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** The most that one chunk holds: a row and those before it. Requests and spans have smaller limits of their own. */
const maxChunkBytes = 256 * 1024 * 1024;

/** A chunk of this size is complete. A new chunk follows, so that no large buffer is ever copied to grow. */
const fullChunkBytes = 4 * 1024 * 1024;

/**
 * A growing buffer of rows in the binary format of COPY (PostgreSQL manual, "COPY", "Binary Format"). A row begins with
 * the number of its columns in two bytes. Each column is its length in four bytes, or -1 for NULL, and then its bytes.
 * Everything is big-endian.
 *
 * The buffer consists of chunks, and a row is within one chunk. The writing methods do not check the capacity: call
 * `reserveRow` before a row with the most that it can need.
 */
export class CopyBuffer {
  bytes: Buffer;
  view: DataView;
  /** Offset of the next byte in the last chunk. */
  position = 0;
  /** The complete chunks before the last one. */
  private readonly full: Buffer[] = [];
  private fullBytes = 0;

  constructor(private readonly initialBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** The number of bytes of all rows. */
  get length(): number {
    return this.fullBytes + this.position;
  }

  /** @returns all rows, in order; valid until the next call of another method */
  chunks(): readonly Buffer[] {
    return [...this.full, this.bytes.subarray(0, this.position)];
  }

  /** Removes everything after a length that the buffer had before. */
  truncate(length: number): void {
    while (length < this.fullBytes) {
      const last = this.full.pop() as Buffer;
      this.fullBytes -= last.length;
      this.use(Buffer.from(last.buffer as ArrayBuffer));
    }
    this.position = length - this.fullBytes;
  }

  /** Reserves the bytes of a row. @throws TracestoreError `too-large` above the maximum of a chunk */
  reserveRow(byteCount: number): void {
    // Also if the row seems to fit: it can take more, and would then copy everything before it.
    if (this.position >= fullChunkBytes) this.beginChunk(byteCount);
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

  /** Reserves more bytes within a row. @throws TracestoreError `too-large` above the maximum of a chunk */
  reserve(byteCount: number): void {
    const needed = this.position + byteCount;
    if (needed > this.bytes.length) this.grow(needed);
  }

  /** Empties the buffer, and frees memory that an unusually large request has used. */
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

  /** Appends an int8, given as two 32-bit halves to avoid a BigInt. */
  int64(high: number, low: number): void {
    this.view.setInt32(this.position, 8);
    this.view.setInt32(this.position + 4, high);
    this.view.setInt32(this.position + 8, low);
    this.position += 12;
  }

  /** Appends an int8, given as a number that is exact or may be rounded. */
  wide(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.int64(high, value - high * 0x1_0000_0000);
  }

  /** Appends a column of raw bytes, such as a uuid or text. */
  copy(source: Uint8Array, start: number, length: number): void {
    this.view.setInt32(this.position, length);
    this.position += 4;
    this.append(source, start, length);
  }

  /** Appends bytes within a column. */
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

  /** Checks that no more was written than reserved: a typed array ignores writes beyond its end. @throws Error */
  requireReserved(): void {
    if (this.position > this.bytes.length) throw new Error('More was written than reserved');
  }

  float64(value: number): void {
    this.view.setInt32(this.position, 8);
    this.view.setFloat64(this.position + 4, value);
    this.position += 12;
  }

  /** Appends an int4, or NULL for 0 in columns where both mean the same. */
  int32OrNull(value: number): void {
    if (value === 0) this.null();
    else this.int32(value);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** Begins a column whose length is not known yet. @returns the argument of `endColumn` */
  beginColumn(): number {
    this.position += 4;
    return this.position;
  }

  /**
   * Begins a column that is an array of one dimension without NULLs, as PostgreSQL's `array_recv` reads it. Append its
   * elements like columns.
   *
   * @returns the argument of `endColumn`
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
