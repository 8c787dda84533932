/**
 * Protobuf messages as trees of fields, which may be wrong in every way that bytes can be wrong: a field may have the
 * wrong wire type, a length that does not fit, or varints of more bytes than needed.
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
  /** Added to the length that is written, of a field of bytes or a message. */
  lengthError?: number;
  /** Bytes that each varint of the field has too many. */
  overlong?: number;
  /** Whether the value is bytes that are fields already. */
  isEncoded?: boolean;
}

const encoder = new TextEncoder();

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
  return { number, wireType: 2, value: typeof value === 'string' ? encoder.encode(value) : value };
}

export function message(number: number, fields: WireField[]): WireField {
  return { number, wireType: 2, value: fields };
}

/** Fields that are on the wire already. */
export function encoded(value: Uint8Array): WireField {
  return { number: 0, wireType: 2, value, isEncoded: true };
}

/** @returns the message on the wire */
export function encodeTree(fields: readonly WireField[]): Buffer {
  const writer = new TreeWriter();
  writer.fields(fields);
  return writer.take();
}

/** Every field of a message and of the messages in it, with its place. */
export function* walk(fields: WireField[]): Generator<{ readonly siblings: WireField[]; readonly index: number }> {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field === undefined) continue;
    yield { siblings: fields, index };
    if (Array.isArray(field.value)) yield* walk(field.value);
  }
}

class TreeWriter {
  #buffer = Buffer.allocUnsafe(2_048);
  #length = 0;

  take(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  fields(fields: readonly WireField[]): void {
    for (const field of fields) this.#field(field);
  }

  #field({ number, wireType, value, lengthError = 0, overlong = 0, isEncoded }: WireField): void {
    if (isEncoded === true) return this.#bytes(contentOf(value));
    if (number < 16 && overlong === 0) {
      this.#room(1);
      this.#buffer[this.#length++] = number * 8 + wireType;
    } else {
      this.#varint((BigInt(number) << 3n) | BigInt(wireType), overlong);
    }
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
      case 2: {
        const content = contentOf(value);
        const length = content.length + lengthError;
        if (length >= 0 && length < 0x80 && overlong === 0) {
          this.#room(1);
          this.#buffer[this.#length++] = length;
        } else {
          this.#varint(BigInt(Math.max(0, length)), overlong);
        }
        return this.#bytes(content);
      }
      case 3:
        this.#bytes(contentOf(value));
        return this.#varint((BigInt(number) << 3n) | 4n, overlong);
      default:
        // A group's end, or a wire type that does not exist, has no value.
        return;
    }
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

  #bytes(content: Uint8Array): void {
    this.#room(content.length);
    this.#buffer.set(content, this.#length);
    this.#length += content.length;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function asNumber(value: WireValue): bigint {
  if (typeof value === 'bigint') return value;
  return BigInt(value.length);
}

function contentOf(value: WireValue): Uint8Array {
  if (typeof value === 'bigint') return encoder.encode(String(value));
  return Array.isArray(value) ? encodeTree(value) : value;
}
