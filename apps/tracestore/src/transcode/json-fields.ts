/*
 * The messages of an OTLP trace request in JSON (OTLP specification, "JSON Protobuf Encoding"), made from the generated
 * descriptors for a parser that compares bytes.
 */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { ExportTraceServiceRequestSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

/** The type of a field, as far as its JSON differs. */
export type JsonKind =
  | 'message'
  | 'string'
  | 'bytes'
  /** Bytes in hex, where OTLP deviates from the JSON mapping of protobuf. */
  | 'id'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'fixed32'
  | 'fixed64'
  | 'double'
  | 'enum';

/** A field of a message. */
export interface JsonField {
  /** The name in error messages. */
  readonly name: string;
  readonly number: number;
  /** The number and the wire type, as in protobuf. */
  readonly tag: number;
  readonly kind: JsonKind;
  readonly isRepeated: boolean;
  /** Defined for fields of kind `message`. */
  readonly message: JsonMessage | undefined;
  /** The numbers by name for fields of kind `enum`. */
  readonly enumValues: ReadonlyMap<string, number>;
}

const tableSize = 64;

interface Spelling {
  readonly bytes: Buffer;
  readonly field: JsonField;
}

/** A message, with its fields by either spelling: snake_case and lowerCamelCase. */
export class JsonMessage {
  private readonly table: Spelling[][] = Array.from({ length: tableSize }, () => []);

  constructor(
    readonly name: string,
    /** Whether the message is a oneof. */
    readonly isChoice: boolean,
    /** Whether it is an array or a key-value list of an attribute. */
    readonly isNesting: boolean,
  ) {}

  add(field: JsonField, spellings: ReadonlySet<string>): void {
    for (const spelling of spellings) {
      const bytes = Buffer.from(spelling, 'latin1');
      this.table[placeOf(bytes, 0, bytes.length)]?.push({ bytes, field });
    }
  }

  /** @returns the field whose name is between two offsets */
  find(source: Uint8Array, start: number, end: number): JsonField | undefined {
    const length = end - start;
    if (length === 0) return undefined;
    for (const { bytes, field } of this.table[placeOf(source, start, end)] as Spelling[]) {
      if (bytes.length !== length) continue;
      let index = 0;
      while (index < length && bytes[index] === source[start + index]) index++;
      if (index === length) return field;
    }
    return undefined;
  }
}

function placeOf(source: Uint8Array, start: number, end: number): number {
  const sum = (source[start] as number) * 7 + (source[end - 1] as number) + (end - start) * 5;
  return sum & (tableSize - 1);
}

const idFields: ReadonlySet<string> = new Set(['trace_id', 'span_id', 'parent_span_id']);
const nestingMessages: ReadonlySet<string> = new Set(['ArrayValue', 'KeyValueList']);

const messages = new Map<DescMessage, JsonMessage>();

/** The whole request. */
export const requestMessage = messageOf(ExportTraceServiceRequestSchema);

function messageOf(schema: DescMessage): JsonMessage {
  const known = messages.get(schema);
  if (known !== undefined) return known;
  const message = new JsonMessage(schema.name, schema.oneofs.length > 0, nestingMessages.has(schema.name));
  messages.set(schema, message);
  for (const field of schema.fields) {
    message.add(fieldOf(field), new Set([field.name, field.jsonName]));
  }
  return message;
}

function fieldOf(field: DescField): JsonField {
  const kind = kindOf(field);
  return {
    name: field.name,
    number: field.number,
    tag: field.number * 8 + wireTypeOf(kind),
    kind,
    isRepeated: field.fieldKind === 'list',
    message: field.message === undefined ? undefined : messageOf(field.message),
    enumValues: new Map(field.enum?.values.map(({ name, number }) => [name, number])),
  };
}

function kindOf(field: DescField): JsonKind {
  if (field.message !== undefined) return 'message';
  if (field.enum !== undefined) return 'enum';
  switch (field.scalar) {
    case ScalarType.STRING:
      return 'string';
    case ScalarType.BYTES:
      return idFields.has(field.name) ? 'id' : 'bytes';
    case ScalarType.BOOL:
      return 'bool';
    case ScalarType.INT32:
      return 'int32';
    case ScalarType.INT64:
      return 'int64';
    case ScalarType.UINT32:
      return 'uint32';
    case ScalarType.FIXED32:
      return 'fixed32';
    case ScalarType.FIXED64:
      return 'fixed64';
    case ScalarType.DOUBLE:
      return 'double';
    default:
      throw new Error(`${field.name} has a type that is not supported`);
  }
}

function wireTypeOf(kind: JsonKind): number {
  switch (kind) {
    case 'message':
    case 'string':
    case 'bytes':
    case 'id':
      return 2;
    case 'fixed64':
    case 'double':
      return 1;
    case 'fixed32':
      return 5;
    default:
      return 0;
  }
}
