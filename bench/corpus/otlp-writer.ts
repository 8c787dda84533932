import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** The kinds of attribute values in a corpus. An integer is an int. */
export type AttributeValue = string | number | boolean;

export interface CorpusEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly attributes: readonly (readonly [string, AttributeValue])[];
}

export interface CorpusSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array | undefined;
  readonly name: string;
  /** The number in OTLP: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: readonly (readonly [string, AttributeValue])[];
  readonly events: readonly CorpusEvent[];
  readonly errorMessage: string | undefined;
}

/** Spans of one scope of one resource. */
export interface CorpusBatch {
  readonly resourceAttributes: readonly (readonly [string, AttributeValue])[];
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly spans: readonly CorpusSpan[];
}

/** Encodes an `ExportTraceServiceRequest` in protobuf, with one ResourceSpans for each batch. */
export function encodeRequest(batches: readonly CorpusBatch[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const batch of batches) {
    message(writer, 1, () => {
      message(writer, 1, () => writeAttributes(writer, 1, batch.resourceAttributes));
      message(writer, 2, () => {
        message(writer, 1, () => {
          writer.tag(1, WireType.LengthDelimited).string(batch.scopeName);
          writer.tag(2, WireType.LengthDelimited).string(batch.scopeVersion);
        });
        for (const span of batch.spans) message(writer, 2, () => writeSpan(writer, span));
      });
    });
  }
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function writeSpan(writer: BinaryWriter, span: CorpusSpan): void {
  writer.tag(1, WireType.LengthDelimited).bytes(span.traceId);
  writer.tag(2, WireType.LengthDelimited).bytes(span.spanId);
  if (span.parentSpanId !== undefined) writer.tag(4, WireType.LengthDelimited).bytes(span.parentSpanId);
  writer.tag(5, WireType.LengthDelimited).string(span.name);
  writer.tag(6, WireType.Varint).int32(span.kind);
  writer.tag(7, WireType.Bit64).fixed64(span.startTimeUnixNano);
  writer.tag(8, WireType.Bit64).fixed64(span.endTimeUnixNano);
  writeAttributes(writer, 9, span.attributes);
  for (const event of span.events) {
    message(writer, 11, () => {
      writer.tag(1, WireType.Bit64).fixed64(event.timeUnixNano);
      writer.tag(2, WireType.LengthDelimited).string(event.name);
      writeAttributes(writer, 3, event.attributes);
    });
  }
  const { errorMessage } = span;
  if (errorMessage !== undefined) {
    message(writer, 15, () => {
      writer.tag(2, WireType.LengthDelimited).string(errorMessage);
      writer.tag(3, WireType.Varint).int32(2);
    });
  }
  writer.tag(16, WireType.Bit32).fixed32(0x101);
}

function writeAttributes(writer: BinaryWriter, field: number, attributes: CorpusSpan['attributes']): void {
  for (const [key, value] of attributes) {
    message(writer, field, () => {
      writer.tag(1, WireType.LengthDelimited).string(key);
      message(writer, 2, () => {
        if (typeof value === 'string') writer.tag(1, WireType.LengthDelimited).string(value);
        else if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
        else if (Number.isInteger(value)) writer.tag(3, WireType.Varint).int64(value);
        else writer.tag(4, WireType.Bit64).double(value);
      });
    });
  }
}
