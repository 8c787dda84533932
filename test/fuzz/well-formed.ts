/**
 * Checks that bytes are a well-formed protobuf message: declared wire types, varints of at most ten bytes, lengths within
 * the message, and closed groups. protobuf-es does not check wire types.
 */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';

const fixed64Types: readonly ScalarType[] = [ScalarType.FIXED64, ScalarType.SFIXED64, ScalarType.DOUBLE];
const fixed32Types: readonly ScalarType[] = [ScalarType.FIXED32, ScalarType.SFIXED32, ScalarType.FLOAT];
const lengthTypes: readonly ScalarType[] = [ScalarType.STRING, ScalarType.BYTES];

class Malformed extends Error {}

/** @param maxDepth the maximum nesting of messages and groups */
export function isWellFormed(schema: DescMessage, bytes: Uint8Array, maxDepth: number): boolean {
  try {
    new Checker(bytes).message(schema, bytes.length, maxDepth);
    return true;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** Returns the wire type of a field that is not packed. */
export function wireTypeOf(field: DescField): 0 | 1 | 2 | 5 {
  const isMessage = field.fieldKind === 'message' || field.fieldKind === 'map' || field.message !== undefined;
  if (isMessage) return 2;
  if (field.enum !== undefined) return 0;
  const scalar = field.scalar;
  if (scalar === undefined) return 0;
  if (lengthTypes.includes(scalar)) return 2;
  if (fixed64Types.includes(scalar)) return 1;
  return fixed32Types.includes(scalar) ? 5 : 0;
}

class Checker {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(schema: DescMessage | undefined, end: number, depth: number): void {
    if (depth < 0) throw new Malformed();
    const fields = schema === undefined ? undefined : fieldsOf(schema);
    while (this.#at < end) {
      const [number, wireType] = this.#tag();
      const field = fields?.get(number);
      if (field !== undefined && wireTypeOf(field) !== wireType) throw new Malformed();
      this.#value(number, wireType, field, depth, end);
    }
    if (this.#at !== end) throw new Malformed();
  }

  #value(number: number, wireType: number, field: DescField | undefined, depth: number, end: number): void {
    switch (wireType) {
      case 0:
        return void this.#varint();
      case 1:
        return this.#skip(8, end);
      case 5:
        return this.#skip(4, end);
      case 2: {
        const byte = this.#bytes[this.#at] ?? 0x80;
        const length = byte < 0x80 ? byte : Number(this.#varint());
        if (byte < 0x80) this.#at++;
        if (this.#at + length > end) throw new Malformed();
        if (field?.message === undefined) this.#at += length;
        else this.message(field.message, this.#at + length, depth - 1);
        return;
      }
      case 3:
        return this.#group(number, end, depth - 1);
      default:
        throw new Malformed();
    }
  }

  #group(of: number, end: number, depth: number): void {
    if (depth < 0) throw new Malformed();
    for (;;) {
      if (this.#at >= end) throw new Malformed();
      const [number, wireType] = this.#tag();
      if (wireType === 4) {
        if (number !== of) throw new Malformed();
        return;
      }
      this.#value(number, wireType, undefined, depth, end);
    }
  }

  #tag(): readonly [number, number] {
    const byte = this.#bytes[this.#at] ?? 0x80;
    if (byte < 0x80) {
      this.#at++;
      if (byte < 8) throw new Malformed();
      return [byte >>> 3, byte & 7];
    }
    const tag = this.#varint();
    const number = Number(tag >> 3n);
    if (tag > 0xffff_ffffn || number === 0) throw new Malformed();
    return [number, Number(tag & 7n)];
  }

  #varint(): bigint {
    let value = 0n;
    for (let nr = 0; nr < 10; nr++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Malformed();
      value |= BigInt(byte & 0x7f) << BigInt(7 * nr);
      if (byte < 0x80) return value;
    }
    throw new Malformed();
  }

  #skip(length: number, end: number): void {
    this.#at += length;
    if (this.#at > end) throw new Malformed();
  }
}

const known = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let fields = known.get(schema);
  if (fields === undefined) {
    fields = new Map(schema.fields.map((field) => [field.number, field]));
    known.set(schema, fields);
  }
  return fields;
}
