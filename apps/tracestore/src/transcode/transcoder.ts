/*
 * Turns OTLP protobuf into rows in the binary format of COPY. The messages (opentelemetry-proto, trace.proto):
 *
 *   ExportTraceServiceRequest  1 resource_spans*
 *   ResourceSpans              1 resource  2 scope_spans*  3 schema_url
 *   ScopeSpans                 1 scope     2 spans*        3 schema_url
 *   Span        1 trace_id (16 bytes)  2 span_id (8)  3 trace_state  4 parent_span_id (8 or none)  5 name  6 kind
 *               7 start_time_unix_nano (fixed64)  8 end_time_unix_nano (fixed64)  9 attributes*
 *               10 dropped_attributes_count  11 events*  12 dropped_events_count  13 links*  14 dropped_links_count
 *               15 status  16 flags (fixed32)
 *   Event       1 time_unix_nano (fixed64)  2 name  3 attributes*  4 dropped_attributes_count
 *   Link        1 trace_id  2 span_id  3 trace_state  4 attributes*  5 dropped_attributes_count  6 flags (fixed32)
 *   Status      2 message  3 code
 *   KeyValue    1 key  2 value
 *   AnyValue    1 string  2 bool  3 int (varint)  4 double (fixed64)  5 array  6 kvlist  7 bytes
 *   ArrayValue  1 values*          KeyValueList  1 values*
 *
 * A field's tag is its number times 8 plus its wire type: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
 *
 * The fast path handles what SDKs send. Any other span, such as one with repeated fields or a time after the year 2255, goes
 * to the fallback in reference-transcode.ts, so that only one decoder has rules for unusual input. The fast path creates
 * neither an object nor a string per span. A rejected span needs them only while its reason is described.
 *
 * A defect within a span rejects that span. A defect outside spans refuses the whole request.
 */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { limits } from '../limits.js';
import { serviceTerm } from '../storage/block-filter.js';
import { ColumnTranscoder, jsonGrowth, needsFallback, rowOverheadBytes, unstorable } from './column-transcoder.js';
import type { Content } from './content-cache.js';
import type { BatchMark, CopyBatch, Outcome } from '../storage/copy-batch.js';
import type { CopyBuffer } from '../storage/copy-buffer.js';
import { appendRows, eventTable, linkTable, spanTable } from '../storage/copy-rows.js';
import { two32 } from '../storage/postgres-time.js';
import { decodeText } from './text.js';
import { Dictionaries, type ResourceEntry } from './dictionaries.js';
import { type DictionaryEntry, dictionaryEntry } from '../storage/dictionary-entry.js';
import { InstrumentationScopeSchema } from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from '../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { type Span, SpanSchema } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import {
  attempt,
  BadSpanError,
  instanceOf,
  operationRow,
  Rejections,
  resourceRow,
  rowsOfSpan,
  scopeRow,
  spanProblems,
  type SpanReferences,
} from './reference-transcode.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { SpanBlocks } from '../storage/span-blocks.js';
import { TermList } from '../storage/term-list.js';
import type { OperationRow, ScopeRow, SpanRows } from '../storage/trace-rows.js';
import { completeWritePlan, NoAttributeTerms, NoSpanBlocks, type WritePlan } from '../storage/write-plan.js';
import { decodeMessage } from './decode-message.js';
import { brokenSpan, malformedRequest } from './wire-cursor.js';

/** The upper half of the last time, in ns, whose microseconds are exact as a number: in the year 2255. */
const maxExactTimeHigh = 2_097_152_000;

/** The upper half of the last time that fits a signed 64-bit integer. */
const maxTimeHigh = 0x7fff_ffff;

const spanColumns = spanTable.columnCount;
const eventColumns = eventTable.columnCount;
const linkColumns = linkTable.columnCount;

const noBytes = Buffer.alloc(0);

/** ResourceSpans.instrumentation_library_spans, which OTLP replaced by scope_spans in 0.15 and removed in 0.20. */
const oldSpansTag = 1_000 * 8 + 2;
const oldSpansMessage = 'instrumentation_library_spans is not supported: send spans in scope_spans';

/** A shorter span cannot have both ids. */
const minSpanBytes = 28;

/** Number of bytes after which the transcoder reads the clock again. */
const bytesBetweenClockReads = 16 * 1024;

const maxSpanBytes = limits.spanBytes.value;
const maxEvents = limits.spanEvents.value;
const maxLinks = limits.spanLinks.value;
const maxNameBytes = limits.spanNameBytes.value;
const maxEventNameBytes = limits.eventNameBytes.value;
const maxFallbackFields = limits.unusualSpanFields.value;
const maxContentBytes = limits.resourceBytes.value;
const maxContentFields = limits.resourceFields.value;
const maxSpans = limits.requestSpans.value;
const maxParts = limits.requestParts.value;
const maxDictionaryBytes = limits.requestDictionaryBytes.value;

/** Why spans are rejected that another decoder has replaced by empty ones, by their position in the request, from 1. */
export type SpanErrors = ReadonlyMap<number, string>;

/** The value for requests in protobuf. */
export const noSpanErrors: SpanErrors = new Map();

/**
 * Fills batches with the rows of requests, one request at a time: call `begin`, then `run` until it returns an outcome.
 * Until then, nothing else may use the body or the batch. Several transcoders may share the dictionaries.
 */
export class Transcoder extends ColumnTranscoder {
  private readonly blocks: SpanBlocks;
  private steps: Iterator<undefined, Outcome> | undefined;
  private seenSpans = 0;
  private seenParts = 0;
  /** The index of the span within its scope. */
  private spanIndex = 0;
  private firstInstance = 0;
  private rejections = new Rejections();
  private spanErrors = noSpanErrors;
  /** In terms of `performance.now()`, which is read when the cursor reaches `nextClockRead`. */
  private deadline = 0;
  private nextClockRead = 0;
  private maxRowBytes = 0;
  /** Whether the request has spans in a field that OTLP has removed. */
  private unreadOldSpans = false;
  /** The part of the span that the cursor is in, for the path in the message. */
  private section: '' | 'events' | 'links' = '';
  private sectionIndex = 0;

  constructor(
    private readonly dictionaries = new Dictionaries(),
    plan: WritePlan = completeWritePlan,
  ) {
    super(plan.blocks ? new TermList() : new NoAttributeTerms());
    this.blocks = plan.blocks ? new SpanBlocks() : new NoSpanBlocks();
  }

  /**
   * Adds the rows of a request to a batch without pausing.
   *
   * @param body an ExportTraceServiceRequest in protobuf
   * @param firstInstance any 32-bit integer, different for each request, to distinguish spans with equal ids
   * @throws TracestoreError `undecodable` when the body is not such a request, `tooLarge` when it is above a limit; the batch is
   *   then unchanged
   */
  transcode(body: Buffer, batch: CopyBatch, firstInstance: number): Outcome {
    this.begin(body, batch, firstInstance);
    return this.run(Infinity) as Outcome;
  }

  /**
   * Begins a request, and drops an unfinished one.
   *
   * @param spanErrors of spans that are empty in the body
   * @param receivedBytes the size of the request as received, which bounds the size of its rows
   */
  begin(
    body: Buffer,
    batch: CopyBatch,
    firstInstance: number,
    spanErrors: SpanErrors = noSpanErrors,
    receivedBytes = body.length,
  ): void {
    this.load(body);
    this.seenSpans = 0;
    this.seenParts = 0;
    this.unreadOldSpans = false;
    this.firstInstance = firstInstance;
    this.rejections = new Rejections();
    this.spanErrors = spanErrors;
    this.nextClockRead = bytesBetweenClockReads;
    this.maxRowBytes = maxRowBytesOf(receivedBytes);
    this.blocks.begin(body.length);
    this.steps = this.request(batch);
  }

  /**
   * Continues the request.
   *
   * @param budgetMs the time until it pauses; it may be exceeded by a few milliseconds
   * @returns undefined when it has paused
   * @throws TracestoreError as `transcode` does
   */
  run(budgetMs: number): Outcome | undefined {
    this.deadline = performance.now() + budgetMs;
    let isPaused = false;
    try {
      const { value, done } = (this.steps as Iterator<undefined, Outcome>).next();
      isPaused = done !== true;
      return value;
    } finally {
      if (!isPaused) this.end();
    }
  }

  /** Ends the request and releases its body. Rows that it has added to its batch stay there. */
  end(): void {
    this.steps = undefined;
    this.load(noBytes);
  }

  private *request(batch: CopyBatch): Generator<undefined, Outcome> {
    const before = batch.mark();
    try {
      yield* this.resourceSpansOf(batch, before);
      this.blocks.end(batch.blocks);
      this.requireFewRows(batch, before);
    } catch (error) {
      batch.rollBack(before);
      // The cursor was beyond the end of the body.
      if (error instanceof RangeError) throw malformedRequest('The body ends too early', this.source.length);
      throw error;
    }
    return {
      acceptedSpans: batch.spanCount - before.spanCount,
      rejectedSpans: this.rejections.count,
      errorMessage: [this.rejections.describe(this.seenSpans), this.unreadOldSpans ? oldSpansMessage : '']
        .filter((part) => part !== '')
        .join('; '),
    };
  }

  private *resourceSpansOf(batch: CopyBatch, before: BatchMark): Generator<undefined, void> {
    const end = this.source.length;
    for (let index = 0; this.position < end;) {
      const tag = this.tag();
      this.countPart();
      if (tag === 10) {
        const length = this.length(end);
        yield* this.scopeSpansOf(batch, before, this.position + length, index++);
      } else {
        if (tag >>> 3 === 1) throw this.malformed('A field has the wrong wire type', this.position);
        this.skipUnknown(tag, end, 0);
      }
      if (this.position >= this.nextClockRead && this.isLate()) yield;
    }
    this.requireEnd(end);
  }

  private *scopeSpansOf(batch: CopyBatch, before: BatchMark, end: number, r: number): Generator<undefined, void> {
    const resource = this.findResource(end, r);
    for (let index = 0; this.position < end;) {
      const tag = this.tag();
      if (tag === 18) {
        const length = this.length(end);
        yield* this.spansOf(batch, before, resource, this.position + length, r, index++);
      } else {
        this.skipContainerField(tag, end);
      }
      if (this.position >= this.nextClockRead && this.isLate()) yield;
    }
    this.requireEnd(end);
  }

  private *spansOf(
    batch: CopyBatch,
    before: BatchMark,
    resource: ResourceEntry | BadSpanError,
    end: number,
    r: number,
    s: number,
  ): Generator<undefined, void> {
    const scope = this.findScope(end, r, s);
    this.spanIndex = 0;
    while (this.position < end) {
      this.someSpans(batch, resource, scope, end, r, s);
      this.requireFewRows(batch, before);
      if (this.position >= this.nextClockRead && this.isLate()) yield;
    }
    this.requireEnd(end);
  }

  /** Adds spans until the clock must be read. A separate method, because a loop in a generator is slower. */
  private someSpans(
    batch: CopyBatch,
    resource: ResourceEntry | BadSpanError,
    scope: DictionaryEntry<ScopeRow> | BadSpanError,
    end: number,
    r: number,
    s: number,
  ): void {
    while (this.position < end) {
      const tag = this.tag();
      if (tag !== 18) {
        this.skipContainerField(tag, end);
        continue;
      }
      const length = this.length(end);
      const start = this.position;
      if (++this.seenSpans > maxSpans) throw tooMuch(`more than ${maxSpans} spans`);
      if (resource instanceof BadSpanError) this.reject(resource.message);
      else if (scope instanceof BadSpanError) this.reject(scope.message);
      else this.addSpan(batch, resource, scope, start, start + length, r, s, this.spanIndex);
      this.spanIndex++;
      this.position = start + length;
      if (this.position >= this.nextClockRead) return;
    }
  }

  private isLate(): boolean {
    this.nextClockRead = this.position + bytesBetweenClockReads;
    return performance.now() >= this.deadline;
  }

  private requireFewRows(batch: CopyBatch, before: BatchMark): void {
    if (batch.byteLength - before.byteLength > this.maxRowBytes) {
      throw tooMuch(`its rows are larger than ${this.maxRowBytes} bytes`);
    }
    if (batch.dictionaryBytes - before.dictionaryBytes > maxDictionaryBytes) {
      throw tooMuch(`its new resources, scopes and operations are larger than ${maxDictionaryBytes} bytes`);
    }
  }

  private countPart(): void {
    if (++this.seenParts > maxParts) throw tooMuch(`more than ${maxParts} fields around its spans`);
  }

  /** Finds or creates the entry of a resource by its bytes. Does not move the cursor. */
  private findResource(end: number, r: number): ResourceEntry | BadSpanError {
    const path = `resource_spans[${r}]`;
    const content = this.readContent(end, `${path}.resource`);
    if (content instanceof BadSpanError) return content;
    const { resources } = this.dictionaries;
    const known = resources.find(content);
    if (known !== undefined) return known;
    const made = attempt(() => {
      const resource = decodeContent(ResourceSchema, content, `${path}.resource`);
      return resourceRow(resource, decodeText(content.schemaUrl), path);
    });
    if (made instanceof BadSpanError) return made;
    const entry: ResourceEntry = Object.assign(
      dictionaryEntry(made, textBytesOf(made.serviceName, made.attributes, made.schemaUrl, made.entityRefs)),
      { serviceTerm: serviceTerm(made.serviceName) },
    );
    resources.add(content, entry);
    return entry;
  }

  /** Finds or creates the entry of a scope by its bytes. Does not move the cursor. */
  private findScope(end: number, r: number, s: number): DictionaryEntry<ScopeRow> | BadSpanError {
    const path = `resource_spans[${r}].scope_spans[${s}]`;
    const content = this.readContent(end, `${path}.scope`);
    if (content instanceof BadSpanError) return content;
    const { scopes } = this.dictionaries;
    const known = scopes.find(content);
    if (known !== undefined) return known;
    const made = attempt(() => {
      const scope = decodeContent(InstrumentationScopeSchema, content, `${path}.scope`);
      return scopeRow(scope, decodeText(content.schemaUrl), path);
    });
    if (made instanceof BadSpanError) return made;
    const entry = dictionaryEntry(made, textBytesOf(made.name, made.version, made.attributes, made.schemaUrl));
    scopes.add(content, entry);
    return entry;
  }

  /**
   * Reads the resource or scope and the schema URL (fields 1 and 3), which may follow the spans. A message that occurs in
   * several pieces is merged, as protobuf requires, by concatenating them.
   */
  private readContent(end: number, path: string): Content | BadSpanError {
    const { source, view } = this;
    const before = this.position;
    let start = 0;
    let contentEnd = 0;
    let pieces = 0;
    let bytes = 0;
    let schemaUrl: Buffer = noBytes;
    while (this.position < end) {
      const tag = this.tag();
      this.countPart();
      if (tag !== 10 && tag !== 26) {
        this.skipContainerField(tag, end);
        continue;
      }
      const length = this.length(end);
      if (tag === 26) {
        schemaUrl = source.subarray(this.position, this.position + length);
      } else {
        start = this.position;
        contentEnd = start + length;
        pieces++;
        bytes += length;
      }
      this.position += length;
    }
    this.requireEnd(end);
    this.position = before;
    if (bytes + schemaUrl.length > maxContentBytes) {
      return new BadSpanError(`${path} has ${bytes + schemaUrl.length} bytes, more than ${maxContentBytes}`);
    }
    if (pieces <= 1) return { source, view, start, end: contentEnd, schemaUrl };
    const merged = this.mergePieces(end, bytes);
    this.position = before;
    const { buffer, byteOffset, length } = merged;
    return { source: merged, view: new DataView(buffer, byteOffset, length), start: 0, end: length, schemaUrl };
  }

  private mergePieces(end: number, bytes: number): Buffer {
    const merged = Buffer.allocUnsafeSlow(bytes);
    let to = 0;
    while (this.position < end) {
      const tag = this.tag();
      if (tag !== 10) {
        this.skipContainerField(tag, end);
        continue;
      }
      const length = this.length(end);
      to += this.source.copy(merged, to, this.position, this.position + length);
      this.position += length;
    }
    return merged;
  }

  /** Skips a field of ResourceSpans or ScopeSpans that is read elsewhere, or unknown. */
  private skipContainerField(tag: number, end: number): void {
    if (tag === 10 || tag === 18 || tag === 26) {
      const length = this.length(end);
      this.position += length;
    } else {
      if (tag >>> 3 <= 3) throw this.malformed('A field has the wrong wire type', this.position);
      if (tag === oldSpansTag) this.unreadOldSpans = true;
      this.skipUnknown(tag, end, 0);
    }
  }

  /** Rejects the current span. */
  private reject(problem: string): void {
    if (this.rejections.isFull) this.rejections.count++;
    else this.rejections.add(this.spanErrors.get(this.seenSpans) ?? problem);
  }

  private addSpan(
    batch: CopyBatch,
    resource: ResourceEntry,
    scope: DictionaryEntry<ScopeRow>,
    start: number,
    end: number,
    r: number,
    s: number,
    index: number,
  ): void {
    const { spans, events, links } = batch;
    const spansBefore = spans.length;
    const eventsBefore = events.length;
    const linksBefore = links.length;
    const length = end - start;
    this.problem = '';
    this.section = '';
    if (length >= minSpanBytes && length <= maxSpanBytes) {
      this.isWithinSpan = true;
      let takesFallback = false;
      try {
        if (this.span(batch, resource, scope, start, end)) return;
      } catch (error) {
        takesFallback = error === needsFallback;
        // A RangeError means that the cursor was beyond the end of the body.
        const costsOnlySpan =
          takesFallback || error === brokenSpan || error === unstorable || error instanceof RangeError;
        if (!costsOnlySpan) throw error;
      } finally {
        this.isWithinSpan = false;
      }
      spans.truncate(spansBefore);
      events.truncate(eventsBefore);
      links.truncate(linksBefore);
      if (takesFallback) {
        this.fallbackSpan(batch, resource, scope, start, end, spanPath(r, s, index));
        return;
      }
    }
    if (this.rejections.isFull) this.rejections.count++;
    else this.reject(this.describe(start, end, spanPath(r, s, index)));
  }

  /** @returns why a span is rejected; the fallback describes what the fast path does not */
  private describe(start: number, end: number, path: string): string {
    if (this.problem !== '') return `${path}${this.section && `.${this.section}[${this.sectionIndex}]`}${this.problem}`;
    if (end - start > maxSpanBytes) return `${path} has ${end - start} bytes, more than ${maxSpanBytes}`;
    const rows = attempt(() => this.referenceRows(start, end, path, noReferences));
    return rows instanceof BadSpanError ? rows.message : `${path} is not well-formed`;
  }

  /** @throws BadSpanError when the span cannot be stored */
  private referenceRows(start: number, end: number, path: string, references: SpanReferences): SpanRows {
    return rowsOfSpan(decodeSpan(this.source.subarray(start, end), path), references, path);
  }

  /** Adds a span by the fallback. */
  private fallbackSpan(
    batch: CopyBatch,
    resource: ResourceEntry,
    scope: DictionaryEntry<ScopeRow>,
    start: number,
    end: number,
    path: string,
  ): void {
    const made = attempt(() => {
      const span = decodeSpan(this.source.subarray(start, end), path);
      const name = Buffer.from(span.name);
      const nameView = new DataView(name.buffer, name.byteOffset, name.byteLength);
      const operation = this.findOperation(resource, span.kind, name, nameView, 0, name.length);
      const references = {
        resourceId: resource.row.id,
        scopeId: scope.row.id,
        operationId: operation.row.id,
        instance: instanceOf(this.firstInstance, this.seenSpans),
      };
      return { operation, rows: rowsOfSpan(span, references, path) };
    });
    if (made instanceof BadSpanError) {
      this.reject(made.message);
      return;
    }
    const { operation, rows } = made;
    appendRows(batch, rows);
    this.blocks.addRows(batch.blocks, rows, resource.row.serviceName);
    batch.spanCount++;
    batch.referToResource(resource);
    batch.referToScope(scope);
    batch.referToOperation(operation);
  }

  /** Adds a span by the fast path. @returns false when the span must be rejected and its rows removed */
  private span(
    batch: CopyBatch,
    resource: ResourceEntry,
    scope: DictionaryEntry<ScopeRow>,
    start: number,
    end: number,
  ): boolean {
    const { source, view } = this;
    let traceId = 0;
    let traceIdLength = 0;
    let spanId = 0;
    let spanIdLength = 0;
    let parentId = 0;
    let parentIdLength = 0;
    let state = 0;
    let stateLength = 0;
    let name = 0;
    let nameLength = 0;
    let kind = 0;
    let startLow = 0;
    let startHigh = 0;
    let endLow = 0;
    let endHigh = 0;
    let attributes = -1;
    let attributesEnd = 0;
    let events = -1;
    let links = -1;
    let eventCount = 0;
    let linkCount = 0;
    let droppedAttributes = 0;
    let droppedEvents = 0;
    let droppedLinks = 0;
    let status = -1;
    let statusEnd = 0;
    let flags = 0;
    this.position = start;
    while (this.position < end) {
      const at = this.position;
      const tag = this.tag();
      switch (tag) {
        case 10:
          traceIdLength = this.length(end);
          traceId = this.position;
          this.position += traceIdLength;
          break;
        case 18:
          spanIdLength = this.length(end);
          spanId = this.position;
          this.position += spanIdLength;
          break;
        case 26:
          stateLength = this.length(end);
          state = this.position;
          this.position += stateLength;
          break;
        case 34:
          parentIdLength = this.length(end);
          parentId = this.position;
          this.position += parentIdLength;
          break;
        case 42:
          nameLength = this.length(end);
          name = this.position;
          this.position += nameLength;
          break;
        case 48:
          kind = this.varint() | 0;
          break;
        case 57:
          startLow = view.getUint32(this.position, true);
          startHigh = view.getUint32(this.position + 4, true);
          this.position += 8;
          break;
        case 65:
          endLow = view.getUint32(this.position, true);
          endHigh = view.getUint32(this.position + 4, true);
          this.position += 8;
          break;
        case 74: {
          const length = this.length(end);
          if (attributes < 0) attributes = at;
          this.position += length;
          attributesEnd = this.position;
          break;
        }
        case 80:
          droppedAttributes = this.varint() | 0;
          break;
        case 90: {
          const length = this.length(end);
          if (events < 0) events = at;
          eventCount++;
          this.position += length;
          break;
        }
        case 96:
          droppedEvents = this.varint() | 0;
          break;
        case 106: {
          const length = this.length(end);
          if (links < 0) links = at;
          linkCount++;
          this.position += length;
          break;
        }
        case 112:
          droppedLinks = this.varint() | 0;
          break;
        case 122: {
          const length = this.length(end);
          if (status >= 0) throw needsFallback;
          status = this.position;
          this.position += length;
          statusEnd = this.position;
          break;
        }
        case 133:
          flags = view.getInt32(this.position, true);
          this.position += 4;
          break;
        default:
          this.skipNew(tag, end, 16);
      }
    }
    this.requireEnd(end);
    if (traceIdLength !== 16 || spanIdLength !== 8 || (parentIdLength !== 8 && parentIdLength !== 0)) return false;
    const spanHigh = view.getInt32(spanId);
    const spanLow = view.getInt32(spanId + 4);
    if ((spanHigh | spanLow) === 0 || this.isZero(traceId) || (startHigh | startLow) === 0) return false;
    if (startHigh > maxTimeHigh || endHigh > maxTimeHigh) return false;
    if (eventCount > maxEvents) throw this.beyond(spanProblems.events);
    if (linkCount > maxLinks) throw this.beyond(spanProblems.links);
    if (nameLength > maxNameBytes) throw this.beyond(spanProblems.name);
    if (startHigh > maxExactTimeHigh || endHigh > maxExactTimeHigh) throw needsFallback;
    const parentHigh = parentIdLength === 0 ? 0 : view.getInt32(parentId);
    const parentLow = parentIdLength === 0 ? 0 : view.getInt32(parentId + 4);
    let statusCode = 0;
    let message = 0;
    let messageLength = 0;
    if (status >= 0) {
      this.position = status;
      while (this.position < statusEnd) {
        const tag = this.tag();
        if (tag === 18) {
          messageLength = this.length(statusEnd);
          message = this.position;
          this.position += messageLength;
        } else if (tag === 24) {
          statusCode = this.varint() | 0;
        } else if (tag >>> 3 === 1) {
          this.skipUnknown(tag, statusEnd, 0);
        } else {
          this.skipNew(tag, statusEnd, 3);
        }
      }
      this.requireEnd(statusEnd);
    }
    const operation = this.findOperation(resource, kind, source, view, name, nameLength);
    const { terms } = this;
    const durationNs = (endHigh - startHigh) * two32 + (endLow - startLow);
    const isError = statusCode === 2;
    terms.clear();
    terms.addOutcome(resource.serviceTerm, durationNs, isError);
    terms.addOutcome(operation.idLow, durationNs, isError);
    terms.add(resource.idLow);
    terms.add(scope.idLow);
    this.valueCount = 0;
    this.jsonBytes = 0;
    this.messageBytes = end - start;
    const out = batch.spans;
    out.reserveRow(rowOverheadBytes + jsonGrowth * (end - start));
    out.beginRow(spanColumns);
    out.copy(source, traceId, 16);
    out.int64(spanHigh, spanLow);
    if ((parentHigh | parentLow) === 0) out.null();
    else out.int64(parentHigh, parentLow);
    this.time(out, startHigh, startLow);
    const startMicros = this.micros;
    out.int16(this.nanos);
    this.time(out, endHigh, endLow);
    out.int16(this.nanos);
    out.int64(operation.idHigh, operation.idLow);
    out.int64(resource.idHigh, resource.idLow);
    out.int64(scope.idHigh, scope.idLow);
    const instance = instanceOf(this.firstInstance, this.seenSpans);
    out.int32(instance);
    out.int32OrNull(flags);
    out.int32OrNull(droppedAttributes);
    out.int32OrNull(droppedEvents);
    out.int32OrNull(droppedLinks);
    out.int32OrNull(statusCode);
    this.optionalText(out, state, stateLength);
    this.optionalText(out, message, messageLength);
    this.attributes(out, attributes, attributesEnd, 74);
    out.requireReserved();
    if (events >= 0) this.events(batch.events, events, end, traceId, spanId, startHigh, startLow, instance);
    if (links >= 0) this.links(batch.links, links, end, traceId, spanId, startHigh, startLow, instance);
    batch.spanCount++;
    batch.referToResource(resource);
    batch.referToScope(scope);
    batch.referToOperation(operation);
    this.blocks.add(batch.blocks, view, traceId, startMicros, durationNs, isError, terms);
    return true;
  }

  private events(
    out: CopyBuffer,
    from: number,
    end: number,
    traceId: number,
    spanId: number,
    startHigh: number,
    startLow: number,
    instance: number,
  ): void {
    const { source, view } = this;
    this.position = from;
    for (let number = 0; this.position < end;) {
      const tag = this.tag();
      if (tag !== 90) {
        this.skipUnknown(tag, end, 0);
        continue;
      }
      const length = this.length(end);
      const eventEnd = this.position + length;
      let name = 0;
      let nameLength = 0;
      let low = 0;
      let high = 0;
      let attributes = -1;
      let attributesEnd = 0;
      let dropped = 0;
      while (this.position < eventEnd) {
        const at = this.position;
        const eventTag = this.tag();
        switch (eventTag) {
          case 9:
            low = view.getUint32(this.position, true);
            high = view.getUint32(this.position + 4, true);
            this.position += 8;
            break;
          case 18:
            nameLength = this.length(eventEnd);
            name = this.position;
            this.position += nameLength;
            break;
          case 26: {
            const attributeLength = this.length(eventEnd);
            if (attributes < 0) attributes = at;
            this.position += attributeLength;
            attributesEnd = this.position;
            break;
          }
          case 32:
            dropped = this.varint() | 0;
            break;
          default:
            this.skipNew(eventTag, eventEnd, 4);
        }
      }
      this.requireEnd(eventEnd);
      if (high > maxExactTimeHigh) throw needsFallback;
      this.section = 'events';
      this.sectionIndex = number;
      if (nameLength > maxEventNameBytes) throw this.beyond(spanProblems.eventName);
      this.messageBytes = length;
      out.reserveRow(rowOverheadBytes + jsonGrowth * length);
      out.beginRow(eventColumns);
      out.copy(source, traceId, 16);
      out.int64(view.getInt32(spanId), view.getInt32(spanId + 4));
      this.time(out, startHigh, startLow);
      this.time(out, high, low);
      out.int16(this.nanos);
      out.int32(instance);
      out.int32(number++);
      out.int32(dropped);
      this.text(out, name, nameLength);
      this.attributes(out, attributes, attributesEnd, 26);
      out.requireReserved();
      this.position = eventEnd;
    }
  }

  private links(
    out: CopyBuffer,
    from: number,
    end: number,
    traceId: number,
    spanId: number,
    startHigh: number,
    startLow: number,
    instance: number,
  ): void {
    const { source, view } = this;
    this.position = from;
    for (let number = 0; this.position < end;) {
      const tag = this.tag();
      if (tag !== 106) {
        this.skipUnknown(tag, end, 0);
        continue;
      }
      const length = this.length(end);
      const linkEnd = this.position + length;
      let linkedTraceId = 0;
      let linkedTraceIdLength = 0;
      let linkedSpanId = 0;
      let linkedSpanIdLength = 0;
      let state = 0;
      let stateLength = 0;
      let attributes = -1;
      let attributesEnd = 0;
      let dropped = 0;
      let flags = 0;
      while (this.position < linkEnd) {
        const at = this.position;
        const linkTag = this.tag();
        switch (linkTag) {
          case 10:
            linkedTraceIdLength = this.length(linkEnd);
            linkedTraceId = this.position;
            this.position += linkedTraceIdLength;
            break;
          case 18:
            linkedSpanIdLength = this.length(linkEnd);
            linkedSpanId = this.position;
            this.position += linkedSpanIdLength;
            break;
          case 26:
            stateLength = this.length(linkEnd);
            state = this.position;
            this.position += stateLength;
            break;
          case 34: {
            const attributeLength = this.length(linkEnd);
            if (attributes < 0) attributes = at;
            this.position += attributeLength;
            attributesEnd = this.position;
            break;
          }
          case 40:
            dropped = this.varint() | 0;
            break;
          case 53:
            flags = view.getInt32(this.position, true);
            this.position += 4;
            break;
          default:
            this.skipNew(linkTag, linkEnd, 6);
        }
      }
      this.requireEnd(linkEnd);
      this.section = 'links';
      this.sectionIndex = number;
      if (linkedTraceIdLength !== 0 && linkedTraceIdLength !== 16) throw unstorable;
      if (linkedSpanIdLength !== 0 && linkedSpanIdLength !== 8) throw unstorable;
      this.messageBytes = length;
      out.reserveRow(rowOverheadBytes + jsonGrowth * length);
      out.beginRow(linkColumns);
      out.copy(source, traceId, 16);
      out.int64(view.getInt32(spanId), view.getInt32(spanId + 4));
      this.time(out, startHigh, startLow);
      if (linkedTraceIdLength === 0) out.null();
      else out.copy(source, linkedTraceId, 16);
      if (linkedSpanIdLength === 0) out.null();
      else out.int64(view.getInt32(linkedSpanId), view.getInt32(linkedSpanId + 4));
      out.int32(instance);
      out.int32(number++);
      out.int32OrNull(flags);
      out.int32OrNull(dropped);
      this.optionalText(out, state, stateLength);
      this.attributes(out, attributes, attributesEnd, 34);
      out.requireReserved();
      this.position = linkEnd;
    }
  }

  /** @param name offset of the name's first byte */
  private findOperation(
    resource: ResourceEntry,
    kind: number,
    bytes: Uint8Array,
    view: DataView,
    name: number,
    nameLength: number,
  ): DictionaryEntry<OperationRow> {
    const { row } = resource;
    const { operations } = this.dictionaries;
    const known = operations.find(row.serviceName, resource.serviceTerm, kind, bytes, view, name, nameLength);
    if (known !== undefined) return known;
    const operation = operationRow(row.serviceName, kind, decodeText(bytes.subarray(name, name + nameLength)));
    const entry = dictionaryEntry(operation, textBytesOf(operation.serviceName, operation.spanName));
    operations.add(resource.serviceTerm, kind, bytes, view, name, nameLength, entry);
    return entry;
  }

  private isZero(traceId: number): boolean {
    const { view } = this;
    return (
      (view.getInt32(traceId) |
        view.getInt32(traceId + 4) |
        view.getInt32(traceId + 8) |
        view.getInt32(traceId + 12)) ===
      0
    );
  }
}

/** @returns the limit of a request's rows, in bytes. @param byteLength of the request after decompression */
export function maxRowBytesOf(byteLength: number): number {
  const { requestRowBytes, requestRowBytesFloor, requestRowBytesPerByte } = limits;
  return Math.min(requestRowBytes.value, requestRowBytesFloor.value + requestRowBytesPerByte.value * byteLength);
}

function tooMuch(what: string): TracestoreError {
  return new TracestoreError(errorKinds.tooLarge, what);
}

function spanPath(r: number, s: number, index: number): string {
  return `resource_spans[${r}].scope_spans[${s}].spans[${index}]`;
}

/** For a span that is decoded only to describe its defect. */
const noReferences: SpanReferences = { resourceId: 0n, scopeId: 0n, operationId: 0n, instance: 0 };

/** The approximate size of texts in a dictionary row, which is sent as text. */
function textBytesOf(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** @throws BadSpanError when the bytes are not such a message, or have too many fields */
function decodeSpan(bytes: Uint8Array, path: string): Span {
  return decodeMessage(SpanSchema, bytes, maxFallbackFields, path);
}

/** @throws BadSpanError when the bytes are not such a message, or have too many fields */
function decodeContent<Schema extends DescMessage>(
  schema: Schema,
  { source, start, end }: Content,
  path: string,
): MessageShape<Schema> {
  return decodeMessage(schema, source.subarray(start, end), maxContentFields, path);
}
