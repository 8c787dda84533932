import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** The most levels of nested messages. Far above the limit of attributes, so that a deep span is rejected alone. */
export const recursionLimit = 1_000;

const maxVarintBytes = 10;

/**
 * Checks that bytes are a message as protobuf defines it ("Encoding"): no field exceeds its message, and a known field has
 * the wire type of its kind. protobuf-es does not check either, and would return wrong values.
 *
 * @param maxFields the check ends after this many fields
 * @returns the number of fields at all levels
 * @throws Error that names the first place that is not well-formed
 */
export function requireWellFormed(schema: DescMessage, bytes: Uint8Array, maxFields = Infinity, depth = 0): number {
  if (depth >= recursionLimit) throw new Error(`${schema.name}: messages are nested more than ${recursionLimit} deep`);
  const reader = new BinaryReader(bytes);
  let fields = 0;
  while (reader.pos < reader.len && fields <= maxFields) {
    const [number, wireType] = reader.tag();
    const field = fieldsOf(schema).get(number);
    fields += 1;
    if (field === undefined) {
      if (wireType === WireType.StartGroup) fields += skipGroup(reader, number, maxFields - fields, depth + 1);
      else reader.skip(wireType, number);
      continue;
    }
    const expected = wireTypeOf(field);
    if (wireType !== expected) {
      throw new Error(`${schema.name}.${field.name} has wire type ${wireType}, not ${expected}`);
    }
    const within = field.message;
    if (within === undefined) skipValue(reader, schema, field, wireType);
    else fields += requireWellFormed(within, reader.bytes(), maxFields - fields, depth + 1);
  }
  return fields;
}

/** @returns the number of fields in the group at all levels, as far as it was checked */
function skipGroup(reader: BinaryReader, group: number, maxFields: number, depth: number): number {
  if (depth >= recursionLimit) throw new Error(`groups are nested more than ${recursionLimit} deep`);
  let fields = 0;
  while (fields <= maxFields) {
    const [number, wireType] = reader.tag();
    fields += 1;
    if (wireType === WireType.EndGroup) {
      if (number !== group) throw new Error(`group ${group} is ended by group ${number}`);
      break;
    }
    if (wireType === WireType.StartGroup) fields += skipGroup(reader, number, maxFields - fields, depth + 1);
    else reader.skip(wireType, number);
  }
  return fields;
}

/** Checks the length of a varint: protobuf-es skips any length, but reads at most ten bytes. */
function skipValue(reader: BinaryReader, schema: DescMessage, field: DescField, wireType: WireType): void {
  const start = reader.pos;
  reader.skip(wireType, field.number);
  if (wireType === WireType.Varint && reader.pos - start > maxVarintBytes) {
    throw new Error(`${schema.name}.${field.name} is a varint of more than ${maxVarintBytes} bytes`);
  }
}

const fieldsBySchema = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let fields = fieldsBySchema.get(schema);
  if (fields === undefined) {
    fields = new Map(schema.fields.map((field) => [field.number, field]));
    fieldsBySchema.set(schema, fields);
  }
  return fields;
}

/** The wire type of a field. OTLP traces have no packed lists and no groups. */
function wireTypeOf(field: DescField): WireType {
  if (field.message !== undefined) return WireType.LengthDelimited;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
