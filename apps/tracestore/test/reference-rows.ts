import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { CopyBatch } from '../src/storage/copy-batch.js';
import { appendRows } from '../src/storage/copy-rows.js';
import { decodeMessage } from '../src/transcode/decode-message.js';
import { dictionaryEntry } from '../src/storage/dictionary-entry.js';
import { InstrumentationScopeSchema } from '../src/gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from '../src/gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { SpanSchema } from '../src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import {
  attempt,
  BadSpanError,
  instanceOf,
  operationRow,
  Rejections,
  resourceRow,
  rowsOfSpan,
  scopeRow,
} from '../src/transcode/reference-transcode.js';
import { SpanBlocks } from '../src/storage/span-blocks.js';
import { decodeText } from '../src/transcode/text.js';
import type { OperationRow, ResourceRow, ScopeRow, SpanRows } from '../src/storage/trace-rows.js';

/** The rows of one request. The dictionaries have each row that the spans refer to once. */
export interface ReferenceRows {
  readonly resources: ReadonlyMap<bigint, ResourceRow>;
  readonly scopes: ReadonlyMap<bigint, ScopeRow>;
  readonly operations: ReadonlyMap<bigint, OperationRow>;
  readonly spans: readonly SpanRows[];
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}

/** The framing of a request is malformed, so the whole request is refused. */
export class BrokenRequestError extends Error {
  override readonly name = 'BrokenRequestError';
}

/** The reference decoder: makes the rows of a protobuf request slowly and simply, with protobuf-es for each part. */
export function referenceRows(body: Uint8Array, firstInstance: number): ReferenceRows {
  const resources = new Map<bigint, ResourceRow>();
  const scopes = new Map<bigint, ScopeRow>();
  const operations = new Map<bigint, OperationRow>();
  const spans: SpanRows[] = [];
  const rejections = new Rejections();
  let seen = 0;
  const reject = (error: BadSpanError): void => rejections.add(error.message);
  for (const [r, resourceSpans] of (fieldsOf(body, [1]).get(1) ?? []).entries()) {
    const resourceFields = fieldsOf(resourceSpans, [1, 2, 3]);
    const resourcePath = `resource_spans[${r}]`;
    const resource = attempt(() =>
      resourceRow(
        decodeMerged(ResourceSchema, resourceFields, `${resourcePath}.resource`),
        schemaUrlOf(resourceFields),
        resourcePath,
      ),
    );
    for (const [s, scopeSpans] of (resourceFields.get(2) ?? []).entries()) {
      const scopeFields = fieldsOf(scopeSpans, [1, 2, 3]);
      const scopePath = `${resourcePath}.scope_spans[${s}]`;
      const scope = attempt(() =>
        scopeRow(
          decodeMerged(InstrumentationScopeSchema, scopeFields, `${scopePath}.scope`),
          schemaUrlOf(scopeFields),
          scopePath,
        ),
      );
      for (const [n, bytes] of (scopeFields.get(2) ?? []).entries()) {
        seen += 1;
        if (resource instanceof BadSpanError) {
          reject(resource);
          continue;
        }
        if (scope instanceof BadSpanError) {
          reject(scope);
          continue;
        }
        const path = `${scopePath}.spans[${n}]`;
        const made = attempt(() => {
          const span = decodeMessage(SpanSchema, bytes, Infinity, path);
          const operation = operationRow(resource.serviceName, span.kind, span.name);
          const references = {
            resourceId: resource.id,
            scopeId: scope.id,
            operationId: operation.id,
            instance: instanceOf(firstInstance, seen),
          };
          return { operation, rows: rowsOfSpan(span, references, path) };
        });
        if (made instanceof BadSpanError) {
          reject(made);
          continue;
        }
        resources.set(resource.id, resource);
        scopes.set(scope.id, scope);
        operations.set(made.operation.id, made.operation);
        spans.push(made.rows);
      }
    }
  }
  const { count: rejectedSpans } = rejections;
  return { resources, scopes, operations, spans, rejectedSpans, errorMessage: rejections.describe(seen) };
}

/** Adds rows to a batch as the transcoder does. @param byteLength of the request */
export function addReferenceRows(rows: ReferenceRows, batch: CopyBatch, byteLength: number): void {
  const blocks = new SpanBlocks();
  blocks.begin(byteLength);
  const entriesOf = <Row extends { readonly id: bigint }>(dictionary: ReadonlyMap<bigint, Row>) =>
    new Map([...dictionary].map(([id, row]) => [id, dictionaryEntry(row, 0)] as const));
  const resources = entriesOf(rows.resources);
  const scopes = entriesOf(rows.scopes);
  const operations = entriesOf(rows.operations);
  for (const spanRows of rows.spans) {
    appendRows(batch, spanRows);
    blocks.addRows(batch.blocks, spanRows, rows.resources.get(spanRows.span.resourceId)?.serviceName ?? '');
  }
  blocks.end(batch.blocks);
  batch.spanCount += rows.spans.length;
  for (const entry of resources.values()) batch.referToResource(entry);
  for (const entry of scopes.values()) batch.referToScope(entry);
  for (const entry of operations.values()) batch.referToOperation(entry);
}

/** @returns the fields of a message by number. @param known numbers of fields of type bytes */
function fieldsOf(bytes: Uint8Array, known: readonly number[]): ReadonlyMap<number, readonly Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>();
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (!known.includes(number)) {
        reader.skip(wireType, number);
      } else if (wireType === WireType.LengthDelimited) {
        fields.set(number, [...(fields.get(number) ?? []), reader.bytes()]);
      } else {
        throw new Error(`field ${number} has wire type ${wireType}`);
      }
    }
  } catch (cause) {
    throw new BrokenRequestError('no request', { cause });
  }
  return fields;
}

function decodeMerged<Schema extends DescMessage>(
  schema: Schema,
  fields: ReadonlyMap<number, readonly Uint8Array[]>,
  path: string,
) {
  return decodeMessage(schema, Buffer.concat(fields.get(1) ?? []), Infinity, path);
}

function schemaUrlOf(fields: ReadonlyMap<number, readonly Uint8Array[]>): string {
  return decodeText(fields.get(3)?.at(-1) ?? new Uint8Array());
}
