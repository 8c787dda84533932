/*
 * OTLP protobuf bytes in, rows in the binary format of COPY out. What is read (opentelemetry-proto, trace.proto):
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
 * The fast way knows only what sane senders send. A span that has anything else (bytes that are no UTF-8, ids of a wrong
 * length, fields that come twice, ...) is decoded by the reference instead, so that there is one set of rules for what
 * is odd. Neither an object nor a string is made for a span that goes the fast way.
 */
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { serviceTerm } from './block-filter.js';
import { callOf } from './call-counts.js';
import { ColumnTranscoder, oddity } from './column-transcoder.js';
import { type Content, ContentCache } from './content-cache.js';
import type { CopyBatch } from './copy-batch.js';
import type { CopyBuffer } from './copy-buffer.js';
import { columnCounts } from './copy-rows.js';
import { decodeText } from './decode.js';
import { type DictionaryEntry, dictionaryEntry } from './dictionary-entry.js';
import { InstrumentationScopeSchema } from './gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from './gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { SpanSchema } from './gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { OperationCache } from './operation-cache.js';
import {
  attempt,
  BadSpanError,
  instanceOf,
  operationRow,
  Rejections,
  resourceRow,
  rowsOfSpan,
  scopeRow,
} from './reference-transcode.js';
import { Refusal, refusals } from './refusal.js';
import { appendRows } from './row-adder.js';
import { SpanBlocks } from './span-blocks.js';
import type { OperationRow, ResourceRow, ScopeRow } from './trace-rows.js';
import { recursionLimit, requireWellFormed } from './well-formed.js';
import { malformed } from './wire-cursor.js';

/** What became of a request's spans. */
export interface Outcome {
  readonly acceptedSpans: number;
  readonly rejectedSpans: number;
  /** What was wrong with the first rejected spans, naming field and position; empty when none was rejected. */
  readonly errorMessage: string;
}

/** Resources and scopes that are remembered, and operations; a sane system has some hundreds of each. */
const entryCapacity = 8_192;
const operationCapacity = 32_768;

/** What a row takes besides its texts and attributes, with room to spare. */
const rowOverheadBytes = 320;

/** JSON takes at most so many times the bytes that it had in protobuf: `\\u001f` for a byte. */
const jsonGrowth = 6;

/** Of `Number`s that a time in microseconds is computed in: later ones would not be exact. */
const maxExactTimeHigh = 2_097_152_000;

const two32 = 4_294_967_296;

const noBytes = Buffer.alloc(0);

const postgresEpochSeconds = 946_684_800;

/** Fields of a span, all levels counted, that the reference may make objects of. */
const maxOddFields = 200_000;

interface ResourceEntry extends DictionaryEntry<ResourceRow> {
  readonly serviceTerm: number;
}

/** Fills batches with the rows of requests. It remembers the dictionaries' rows that it has met. Not reentrant. */
export class Transcoder extends ColumnTranscoder {
  private readonly resources = new ContentCache<ResourceEntry>(entryCapacity);
  private readonly scopes = new ContentCache<DictionaryEntry<ScopeRow>>(entryCapacity);
  private readonly operations = new OperationCache(operationCapacity);
  private readonly calls = new PendingCalls();
  private readonly blocks = new SpanBlocks();
  private seenSpans = 0;
  private firstInstance = 0;
  private rejections = new Rejections();

  /** Forgets that anything is in the database: it may be another one. */
  forget(): void {
    this.resources.clear();
    this.scopes.clear();
    this.operations.clear();
  }

  /**
   * Adds the rows of a request to a batch.
   *
   * @param body an ExportTraceServiceRequest in protobuf; not kept
   * @param firstInstance any 32-bit integer, another for each request: what tells spans with equal ids apart
   * @throws Refusal `undecodable` when the body is no such request, `tooLarge` when its rows are; the batch is then as
   * it was
   */
  transcode(body: Buffer, batch: CopyBatch, firstInstance: number): Outcome {
    const before = batch.mark();
    this.load(body);
    this.seenSpans = 0;
    this.firstInstance = firstInstance;
    this.rejections = new Rejections();
    this.calls.clear();
    this.blocks.begin(body.length);
    try {
      this.request(batch);
      this.blocks.end(batch.blocks);
    } catch (error) {
      batch.rollBack(before);
      // A read beyond the end of the body.
      if (error instanceof RangeError) throw malformed('The body ends too early', body.length);
      throw error;
    }
    // Only now is it certain that the request is whole: calls can't be taken back.
    this.calls.moveTo(batch.calls);
    return {
      acceptedSpans: batch.spanCount - before.spanCount,
      rejectedSpans: this.rejections.count,
      errorMessage: this.rejections.describe(this.seenSpans),
    };
  }

  private request(batch: CopyBatch): void {
    const end = this.source.length;
    for (let index = 0; this.position < end;) {
      const tag = this.tag();
      if (tag === 10) {
        const length = this.length(end);
        this.resourceSpans(batch, this.position + length, index++);
      } else {
        if (tag >>> 3 === 1) throw malformed('A field has the wrong wire type', this.position);
        this.skipUnknown(tag, end, 0);
      }
    }
    this.requireEnd(end);
  }

  private resourceSpans(batch: CopyBatch, end: number, r: number): void {
    const resource = this.findResource(end, r);
    for (let index = 0; this.position < end;) {
      const tag = this.tag();
      if (tag === 18) {
        const length = this.length(end);
        this.scopeSpans(batch, resource, this.position + length, r, index++);
      } else {
        this.skipContainerField(tag, end);
      }
    }
    this.requireEnd(end);
  }

  private scopeSpans(
    batch: CopyBatch,
    resource: ResourceEntry | BadSpanError,
    end: number,
    r: number,
    s: number,
  ): void {
    const scope = this.findScope(end, r, s);
    for (let index = 0; this.position < end;) {
      const tag = this.tag();
      if (tag !== 18) {
        this.skipContainerField(tag, end);
        continue;
      }
      const length = this.length(end);
      const start = this.position;
      this.seenSpans++;
      if (resource instanceof BadSpanError) this.rejectSpan(resource, start, length);
      else if (scope instanceof BadSpanError) this.rejectSpan(scope, start, length);
      else this.addSpan(batch, resource, scope, start, start + length, r, s, index);
      index++;
      this.position = start + length;
    }
    this.requireEnd(end);
  }

  /** Finds what is known of a resource by the bytes that it came in; the position is then where it was. */
  private findResource(end: number, r: number): ResourceEntry | BadSpanError {
    const content = this.readContent(end);
    const known = this.resources.find(content);
    if (known !== undefined) return known;
    const made = attempt(() => {
      const resource = decodeContent(ResourceSchema, content);
      return resourceRow(resource, decodeText(content.schemaUrl), `resource_spans[${r}]`);
    });
    if (made instanceof BadSpanError) return made;
    const entry: ResourceEntry = Object.assign(dictionaryEntry(made), { serviceTerm: serviceTerm(made.serviceName) });
    this.resources.add(content, entry);
    return entry;
  }

  /** Finds what is known of a scope by the bytes that it came in; the position is then where it was. */
  private findScope(end: number, r: number, s: number): DictionaryEntry<ScopeRow> | BadSpanError {
    const content = this.readContent(end);
    const known = this.scopes.find(content);
    if (known !== undefined) return known;
    const made = attempt(() => {
      const scope = decodeContent(InstrumentationScopeSchema, content);
      return scopeRow(scope, decodeText(content.schemaUrl), `resource_spans[${r}].scope_spans[${s}]`);
    });
    if (made instanceof BadSpanError) return made;
    const entry = dictionaryEntry(made);
    this.scopes.add(content, entry);
    return entry;
  }

  /**
   * Reads what is common to the spans of a ResourceSpans or ScopeSpans (fields 1 and 3), which may come behind them.
   * A message that comes in pieces is merged, as protobuf has it, by putting the pieces together.
   */
  private readContent(end: number): Content {
    const { source, view } = this;
    const before = this.position;
    let contentStart = 0;
    let contentEnd = 0;
    let pieces: Uint8Array[] | undefined;
    let schemaUrl: Buffer = noBytes;
    while (this.position < end) {
      const tag = this.tag();
      if (tag !== 10 && tag !== 26) {
        this.skipContainerField(tag, end);
        continue;
      }
      const length = this.length(end);
      const start = this.position;
      this.position += length;
      if (tag === 26) {
        schemaUrl = source.subarray(start, this.position);
      } else if (contentStart === 0) {
        contentStart = start;
        contentEnd = this.position;
      } else {
        pieces ??= [source.subarray(contentStart, contentEnd)];
        pieces.push(source.subarray(start, this.position));
      }
    }
    this.requireEnd(end);
    this.position = before;
    if (pieces === undefined) return { source, view, start: contentStart, end: contentEnd, schemaUrl };
    const merged = Buffer.concat(pieces);
    const { buffer, byteOffset, length } = merged;
    return { source: merged, view: new DataView(buffer, byteOffset, length), start: 0, end: length, schemaUrl };
  }

  /** A field of ResourceSpans or ScopeSpans that is read elsewhere, or not known. */
  private skipContainerField(tag: number, end: number): void {
    if (tag === 10 || tag === 18 || tag === 26) {
      const length = this.length(end);
      this.position += length;
    } else {
      if (tag >>> 3 <= 3) throw malformed('A field has the wrong wire type', this.position);
      this.skipUnknown(tag, end, 0);
    }
  }

  private rejectSpan(error: BadSpanError, start: number, length: number): void {
    requireSpan(this.source.subarray(start, start + length));
    this.rejections.add(error);
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
    const spansBefore = spans.position;
    const eventsBefore = events.position;
    const linksBefore = links.position;
    try {
      this.span(batch, resource, scope, start, end);
    } catch (error) {
      if (error !== oddity) throw error;
      spans.position = spansBefore;
      events.position = eventsBefore;
      links.position = linksBefore;
      this.oddSpan(batch, resource, scope, start, end, `resource_spans[${r}].scope_spans[${s}].spans[${index}]`);
    }
  }

  /** The slow way: what the reference makes of the span. */
  private oddSpan(
    batch: CopyBatch,
    resource: ResourceEntry,
    scope: DictionaryEntry<ScopeRow>,
    start: number,
    end: number,
    path: string,
  ): void {
    const bytes = this.source.subarray(start, end);
    const fields = requireSpan(bytes);
    if (fields > maxOddFields) {
      this.rejections.add(new BadSpanError(`${path} has ${fields} fields, more than ${maxOddFields}`));
      return;
    }
    const span = fromBinary(SpanSchema, bytes, { readUnknownFields: false, recursionLimit });
    const name = Buffer.from(span.name);
    const nameView = new DataView(name.buffer, name.byteOffset, name.byteLength);
    const operation = this.findOperation(resource, span.kind, name, nameView, 0, name.length);
    const rows = attempt(() =>
      rowsOfSpan(
        span,
        {
          resourceId: resource.row.id,
          scopeId: scope.row.id,
          operationId: operation.row.id,
          instance: instanceOf(this.firstInstance, this.seenSpans),
        },
        path,
      ),
    );
    if (rows instanceof BadSpanError) {
      this.rejections.add(rows);
      return;
    }
    appendRows(batch, rows);
    this.blocks.addRows(batch.blocks, rows, resource.row.serviceName);
    batch.spanCount++;
    batch.referToResource(resource);
    batch.referToScope(scope);
    batch.referToOperation(operation);
    const { startSeconds, durationNs, isError } = callOf(rows.span);
    this.calls.add(operation, startSeconds, durationNs, isError);
  }

  private span(
    batch: CopyBatch,
    resource: ResourceEntry,
    scope: DictionaryEntry<ScopeRow>,
    start: number,
    end: number,
  ): void {
    const { source, view } = this;
    let traceId = -1;
    let spanId = -1;
    let parentId = -1;
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
          if (this.length(end) !== 16) throw oddity;
          traceId = this.position;
          this.position += 16;
          break;
        case 18:
          if (this.length(end) !== 8) throw oddity;
          spanId = this.position;
          this.position += 8;
          break;
        case 26:
          stateLength = this.length(end);
          state = this.position;
          this.position += stateLength;
          break;
        case 34: {
          const length = this.length(end);
          if (length !== 8 && length !== 0) throw oddity;
          parentId = length === 0 ? -1 : this.position;
          this.position += length;
          break;
        }
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
          this.position += length;
          break;
        }
        case 96:
          droppedEvents = this.varint() | 0;
          break;
        case 106: {
          const length = this.length(end);
          if (links < 0) links = at;
          this.position += length;
          break;
        }
        case 112:
          droppedLinks = this.varint() | 0;
          break;
        case 122: {
          const length = this.length(end);
          if (status >= 0) throw oddity;
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
    if (traceId < 0 || spanId < 0) throw oddity;
    if (startHigh > maxExactTimeHigh || endHigh > maxExactTimeHigh) throw oddity;
    const spanHigh = view.getInt32(spanId);
    const spanLow = view.getInt32(spanId + 4);
    if ((spanHigh | spanLow) === 0 || this.isZero(traceId)) throw oddity;
    const parentHigh = parentId < 0 ? 0 : view.getInt32(parentId);
    const parentLow = parentId < 0 ? 0 : view.getInt32(parentId + 4);
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
    const out = batch.spans;
    out.reserve(rowOverheadBytes + jsonGrowth * (end - start));
    out.beginRow(columnCounts.span);
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
    this.calls.add(operation, postgresEpochSeconds + Math.floor(startMicros / 1e6), durationNs, isError);
    this.blocks.add(batch.blocks, view, traceId, startMicros, durationNs, isError, terms);
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
      if (high > maxExactTimeHigh) throw oddity;
      out.reserve(rowOverheadBytes + jsonGrowth * length);
      out.beginRow(columnCounts.event);
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
      let linkedTraceId = -1;
      let linkedSpanId = -1;
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
            if (this.length(linkEnd) !== 16) throw oddity;
            linkedTraceId = this.position;
            this.position += 16;
            break;
          case 18:
            if (this.length(linkEnd) !== 8) throw oddity;
            linkedSpanId = this.position;
            this.position += 8;
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
      out.reserve(rowOverheadBytes + jsonGrowth * length);
      out.beginRow(columnCounts.link);
      out.copy(source, traceId, 16);
      out.int64(view.getInt32(spanId), view.getInt32(spanId + 4));
      this.time(out, startHigh, startLow);
      if (linkedTraceId < 0) out.null();
      else out.copy(source, linkedTraceId, 16);
      if (linkedSpanId < 0) out.null();
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

  /** @param name of its first byte, in the bytes and in their view */
  private findOperation(
    resource: ResourceEntry,
    kind: number,
    bytes: Uint8Array,
    view: DataView,
    name: number,
    nameLength: number,
  ): DictionaryEntry<OperationRow> {
    const { row } = resource;
    const known = this.operations.find(row.serviceName, resource.serviceTerm, kind, bytes, view, name, nameLength);
    if (known !== undefined) return known;
    // Not `slice`: a Buffer's shares its memory, which is freed when the request is answered.
    const copy = new Uint8Array(bytes.subarray(name, name + nameLength));
    const entry = dictionaryEntry(operationRow(row.serviceName, kind, decodeText(copy)));
    this.operations.add(row.serviceName, resource.serviceTerm, kind, copy, entry);
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

/** Calls of a request that may yet turn out not to be one. */
class PendingCalls {
  private readonly operations: DictionaryEntry<OperationRow>[] = [];
  private readonly startSeconds: number[] = [];
  private readonly durationsNs: number[] = [];
  private readonly errors: boolean[] = [];

  /** @param startSeconds since 1970, whole ones */
  add(operation: DictionaryEntry<OperationRow>, startSeconds: number, durationNs: number, isError: boolean): void {
    this.operations.push(operation);
    this.startSeconds.push(startSeconds);
    this.durationsNs.push(durationNs);
    this.errors.push(isError);
  }

  moveTo(calls: CopyBatch['calls']): void {
    for (let index = 0; index < this.operations.length; index++) {
      calls.add(
        this.operations[index] as DictionaryEntry<OperationRow>,
        this.startSeconds[index] as number,
        this.durationsNs[index] as number,
        this.errors[index] as boolean,
      );
    }
  }

  clear(): void {
    for (const column of [this.operations, this.startSeconds, this.durationsNs, this.errors]) column.length = 0;
  }
}

/** Makes sure that a span is well-formed. @returns how many fields it has */
function requireSpan(bytes: Uint8Array): number {
  try {
    return requireWellFormed(SpanSchema, bytes);
  } catch (cause) {
    throw new Refusal(refusals.undecodable, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function decodeContent<Schema extends DescMessage>(schema: Schema, content: Content): MessageShape<Schema> {
  const bytes = content.source.subarray(content.start, content.end);
  try {
    requireWellFormed(schema, bytes);
    return fromBinary(schema, bytes, { readUnknownFields: false, recursionLimit });
  } catch (cause) {
    throw new Refusal(refusals.undecodable, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
