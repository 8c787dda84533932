/**
 * Protobuf messages as trees of fields that may be invalid: with a wrong wire type, a wrong length, or overlong varints.
 */

/** Wire types of protobuf; 3 and 4 are groups, 6 and 7 do not exist. */
export type WireType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A number (varint, fixed64, fixed32), bytes, or a message. */
export type WireValue = bigint | Uint8Array | WireField[];

/** One field of a message. Mutations change it in place. */
export interface WireField {
  number: number;
  wireType: WireType;
  value: WireValue;
  /** Added to the written length of bytes or a message. */
  lengthError?: number;
  /** The number of superfluous bytes of each varint. */
  overlong?: number;
  /** Whether the value consists of encoded fields. */
  isEncoded?: boolean;
}

const encoder = new TextEncoder();

/** The UTF-8 of frequent texts. */
const knownTexts = new Map<string, Uint8Array>();
const maxKnownTexts = 2_000;
const maxKnownLength = 40;

/** A field with a varint. */
export function varint(number: number, value: bigint | number): WireField {
  return { number, wireType: 0, value: BigInt(value) };
}

export function fixed64(number: number, value: bigint): WireField {
  return { number, wireType: 1, value };
}

export function fixed32(number: number, value: number): WireField {
  return { number, wireType: 5, value: BigInt(value) };
}

export function double(number: number, value: number): WireField {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return { number, wireType: 1, value: view.getBigUint64(0) };
}

/** A field with bytes, or with a text in UTF-8. */
export function bytes(number: number, value: Uint8Array | string): WireField {
  return { number, wireType: 2, value: typeof value === 'string' ? utf8Of(value) : value };
}

function utf8Of(text: string): Uint8Array {
  const known = knownTexts.get(text);
  if (known !== undefined) return known;
  const made = encoder.encode(text);
  if (text.length <= maxKnownLength && knownTexts.size < maxKnownTexts) knownTexts.set(text, made);
  return made;
}

export function message(number: number, fields: WireField[]): WireField {
  return { number, wireType: 2, value: fields };
}

/** Encoded fields. */
export function encoded(value: Uint8Array): WireField {
  return { number: 0, wireType: 2, value, isEncoded: true };
}

/** @returns the encoded message */
export function encodeTree(fields: readonly WireField[]): Buffer {
  const writer = idleWriter ?? new TreeWriter();
  idleWriter = undefined;
  writer.fields(fields);
  const made = writer.take();
  if (writer.capacity <= maxIdleBytes) idleWriter = writer;
  return made;
}

/** Yields the position of every field of a message and its nested messages. */
export function* walk(fields: WireField[]): Generator<{ readonly siblings: WireField[]; readonly index: number }> {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field === undefined) continue;
    yield { siblings: fields, index };
    if (Array.isArray(field.value)) yield* walk(field.value);
  }
}

/** Encodes a tree into a buffer that is reused for the next tree. */
class TreeWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  get capacity(): number {
    return this.#buffer.length;
  }

  /** Empties the buffer. @returns a copy of its content */
  take(): Buffer {
    const made = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return made;
  }

  fields(fields: readonly WireField[]): void {
    for (const field of fields) this.#field(field);
  }

  #field({ number, wireType, value, lengthError = 0, overlong = 0, isEncoded }: WireField): void {
    if (isEncoded === true) return this.#content(value);
    this.#tag(number, wireType, overlong);
    switch (wireType) {
      case 0:
        return this.#varint(asNumber(value), overlong);
      case 1:
        this.#room(8);
        this.#length = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, asNumber(value)), this.#length);
        return;
      case 5:
        this.#room(4);
        this.#length = this.#buffer.writeUInt32LE(Number(BigInt.asUintN(32, asNumber(value))), this.#length);
        return;
      case 2:
        return this.#delimited(value, lengthError, overlong);
      case 3:
        this.#content(value);
        return this.#tag(number, 4, overlong);
      default:
        // The end of a group and unknown wire types have no value.
        return;
    }
  }

  #tag(number: number, wireType: number, overlong: number): void {
    if (number < 16 && overlong === 0) return this.#byte(number * 8 + wireType);
    this.#varint((BigInt(number) << 3n) | BigInt(wireType), overlong);
  }

  /** Writes the length and the content. Most lengths have one byte; for a longer one, the content is moved. */
  #delimited(value: WireValue, lengthError: number, overlong: number): void {
    this.#byte(0);
    const start = this.#length;
    this.#content(value);
    const end = this.#length;
    const length = Math.max(0, end - start + lengthError);
    if (length < 0x80 && overlong === 0) {
      this.#buffer[start - 1] = length;
      return;
    }
    // Written after the content first, to determine its size.
    this.#varint(BigInt(length), overlong);
    const prefix = Uint8Array.from(this.#buffer.subarray(end, this.#length));
    this.#buffer.copyWithin(start - 1 + prefix.length, start, end);
    this.#buffer.set(prefix, start - 1);
    this.#length = end - 1 + prefix.length;
  }

  #content(value: WireValue): void {
    if (Array.isArray(value)) return this.fields(value);
    const content = typeof value === 'bigint' ? encoder.encode(String(value)) : value;
    this.#room(content.length);
    this.#buffer.set(content, this.#length);
    this.#length += content.length;
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = byte;
  }

  #varint(value: bigint, overlong: number): void {
    this.#room(20 + overlong);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    if (overlong === 0) {
      this.#buffer[this.#length++] = Number(rest);
      return;
    }
    this.#buffer[this.#length++] = Number(rest) | 0x80;
    for (let more = 1; more < overlong; more++) this.#buffer[this.#length++] = 0x80;
    this.#buffer[this.#length++] = 0;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** A writer with a larger buffer is discarded. */
const maxIdleBytes = 1024 * 1024;
let idleWriter: TreeWriter | undefined;

function asNumber(value: WireValue): bigint {
  if (typeof value === 'bigint') return value;
  return BigInt(value.length);
}
