import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type OtlpDocument, type OtlpResourceSpans, parseJson, TraceFileError } from '@spandrel/trace-files';
import { flatSpansOf, requestOfElements, requestsOf } from '../otlp-requests.ts';
import type { ImportSource, SourceItem } from '../run-import.ts';
import { readFiles } from './file-position.ts';
import { readFramedMessages } from './framed-messages.ts';
import { readJsonRecords } from './json-records.ts';
import { isJson, peek } from './open-file.ts';

const mebibyte = 1024 * 1024;
/** A document up to this size is sent as it is. It is below tracestore's limit of a request in JSON. */
const maxDocumentBytes = 8 * mebibyte;
const maxElementBytes = 64 * mebibyte;
const maxMessageBytes = 64 * mebibyte;

/**
 * Files of OTLP: JSON, JSON lines or protobuf with lengths, as the Collector's file exporter writes them. What is one request
 * in the file is sent as one request, unchanged, so that a file can grow while it is imported again and again.
 */
export class OtlpFileSource implements ImportSource {
  place = '';

  private readonly files: readonly string[];

  constructor(files: readonly string[]) {
    this.files = files;
  }

  read(position: unknown): AsyncIterable<SourceItem> {
    return readFiles(this.files, position, itemsOf, (place) => (this.place = place));
  }
}

async function* itemsOf(opened: AsyncIterable<Buffer>): AsyncGenerator<SourceItem> {
  const { firstByte, chunks } = await peek(opened);
  if (!isJson(firstByte)) {
    for await (const message of readFramedMessages(chunks, maxMessageBytes)) {
      // No message in protobuf begins with a brace.
      if (message[0] === 0x7b) yield* documentItems(message.toString());
      else yield { request: { body: message, encoding: 'protobuf', spans: countSpans(message) } };
    }
    return;
  }
  const options = { listName: 'resourceSpans', maxDocumentBytes, maxElementBytes };
  for await (const { is, text } of readJsonRecords(chunks, options)) {
    if (is === 'document') yield* documentItems(text);
    else yield* elementItems(text);
  }
}

function* documentItems(text: string): Generator<SourceItem> {
  const document = parsed(text);
  if (document === undefined) {
    yield { remark: 'documents that are not JSON' };
    return;
  }
  // Jaeger's API of version 3 wraps OTLP.
  const { result } = document;
  const resourceSpans = (result ?? document).resourceSpans;
  const spans = countJsonSpans(resourceSpans);
  if (spans === 0) yield { remark: 'documents without spans' };
  else if (result === undefined && text.length <= maxDocumentBytes) {
    yield { request: { body: text, encoding: 'json', spans } };
  } else yield* splitItems(resourceSpans ?? []);
}

function* elementItems(text: string): Generator<SourceItem> {
  const element = parsed(text);
  if (element === undefined || 'resourceSpans' in element || 'result' in element) yield* documentItems(text);
  else if (text.length > maxDocumentBytes) yield* splitItems([element]);
  else {
    const spans = countJsonSpans([element]);
    if (spans > 0) yield { request: { body: requestOfElements([text]), encoding: 'json', spans } };
  }
}

function* splitItems(resourceSpans: readonly OtlpResourceSpans[]): Generator<SourceItem> {
  for (const request of requestsOf(flatSpansOf(resourceSpans))) yield { request };
}

/** @returns undefined if it is no object in JSON */
function parsed(text: string): (OtlpResourceSpans & OtlpDocument & { readonly result?: OtlpDocument }) | undefined {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever the document has: tracestore says what is wrong with it. */
function countJsonSpans(resourceSpans: unknown): number {
  const lengths = listOf(resourceSpans).flatMap((group) =>
    listOf((group as OtlpResourceSpans | null)?.scopeSpans).map(
      (scope) => listOf((scope as { readonly spans?: unknown } | null)?.spans).length,
    ),
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** ExportTraceServiceRequest: resource_spans = 1 { scope_spans = 2 { spans = 2 } }. */
const pathToSpans = [1, 2, 2] as const;

/**
 * Counts the spans of a request in protobuf.
 *
 * @throws TraceFileError if it is not protobuf
 */
export function countSpans(message: Uint8Array, depth = 0): number {
  const reader = new BinaryReader(message);
  let spans = 0;
  try {
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (wireType !== 2 || field !== pathToSpans[depth]) reader.skip(wireType);
      else if (depth === pathToSpans.length - 1) {
        reader.bytes();
        spans += 1;
      } else spans += countSpans(reader.bytes(), depth + 1);
    }
  } catch (cause) {
    if (cause instanceof TraceFileError) throw cause;
    throw new TraceFileError('the file is neither JSON nor OTLP in protobuf with lengths of 4 bytes', { cause });
  }
  return spans;
}
