import { limits } from '../limits.js';
import { AttributeLimitError, attributeProblems, attributesToJson, storableText } from '../storage/attribute-json.js';
import { contentId } from './content-id.js';
import type { EntityRef, InstrumentationScope, KeyValue } from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import type { Resource } from '../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import type { Span, Span_Event, Span_Link } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type {
  EventRow,
  LinkRow,
  OperationRow,
  ResourceRow,
  ScopeRow,
  SpanRow,
  SpanRows,
} from '../storage/trace-rows.js';

/** The service name of a resource without one. */
export const unknownService = 'unknown_service';

/** The number of rejected spans that are described; others are only counted. */
const maxDescribedRejections = limits.describedRejections.value;

/** The most entity references of a resource. The semantic conventions define only a few entity types. */
const maxEntityRefs = limits.entityRefs.value;

const maxServiceNameBytes = limits.serviceNameBytes.value;
const maxSpanNameBytes = limits.spanNameBytes.value;
const maxEventNameBytes = limits.eventNameBytes.value;
const maxEvents = limits.spanEvents.value;
const maxLinks = limits.spanLinks.value;
const maxJsonBytes = limits.attributesJsonBytes.value;

/** Messages for a span above a limit. Each follows the path of the span or event. */
export const spanProblems = {
  name: `.name has more than ${maxSpanNameBytes} bytes`,
  events: `.events has more than ${maxEvents} entries`,
  links: `.links has more than ${maxLinks} entries`,
  eventName: `.name has more than ${maxEventNameBytes} bytes`,
} as const;

const maxInt64 = 2n ** 63n - 1n;

/** A span cannot be stored. The message names the field and the reason. */
export class BadSpanError extends Error {
  override readonly name = 'BadSpanError';
}

/** The rejected spans of a request. */
export class Rejections {
  private readonly described: string[] = [];
  count = 0;

  /** Whether further rejections are only counted and need no message. */
  get isFull(): boolean {
    return this.described.length >= maxDescribedRejections;
  }

  add(message: string): void {
    this.count += 1;
    if (!this.isFull) this.described.push(message);
  }

  /** @returns the number and the first reasons, for `partial_success`; empty without rejections */
  describe(seenSpans: number): string {
    if (this.count === 0) return '';
    const more = this.count > this.described.length ? '; …' : '';
    return `${this.count} of ${seenSpans} spans rejected: ${this.described.join('; ')}${more}`;
  }
}

/** @returns a number that distinguishes spans with equal ids. @param position of the span in its request, from 1 */
export function instanceOf(firstInstance: number, position: number): number {
  return (firstInstance + position) | 0;
}

/**
 * Makes the rows of a span: the fallback decoder, and the reference decoder of tests. PostgreSQL accepts every row that
 * this returns.
 *
 * @param path of the span in its request, for error messages
 * @throws BadSpanError when an id is all zeros or has a wrong length, there is no start time, a time does not fit a signed
 *   64-bit integer, or a limit of `limits` is exceeded
 */
export function rowsOfSpan(span: Span, references: SpanReferences, path: string): SpanRows {
  if (span.events.length > maxEvents) throw new BadSpanError(`${path}${spanProblems.events}`);
  if (span.links.length > maxLinks) throw new BadSpanError(`${path}${spanProblems.links}`);
  if (isLonger(span.name, maxSpanNameBytes)) throw new BadSpanError(`${path}${spanProblems.name}`);
  const row = spanRow(span, references, path);
  let jsonBytes = Buffer.byteLength(row.attributes);
  const counted = <Row extends EventRow | LinkRow>(itsRow: Row, itsPath: string): Row => {
    jsonBytes += Buffer.byteLength(itsRow.attributes);
    if (jsonBytes <= maxJsonBytes) return itsRow;
    throw new BadSpanError(`${itsPath}.attributes ${attributeProblems.spanJsonBytes}`);
  };
  return {
    span: row,
    events: span.events.map((event, n) => {
      const eventPath = `${path}.events[${n}]`;
      return counted(eventRow(event, row, n, eventPath), eventPath);
    }),
    links: span.links.map((link, n) => {
      const linkPath = `${path}.links[${n}]`;
      return counted(linkRow(link, row, n, linkPath), linkPath);
    }),
  };
}

/** @returns the result, or the BadSpanError that was thrown */
export function attempt<Result>(make: () => Result): Result | BadSpanError {
  try {
    return make();
  } catch (error) {
    if (error instanceof BadSpanError) return error;
    throw error;
  }
}

/** @throws BadSpanError when its spans cannot be stored */
export function resourceRow(resource: Resource | undefined, url: string, path: string): ResourceRow {
  const attributes = attributesJson(resource?.attributes ?? [], `${path}.resource.attributes`);
  const droppedAttributesCount = (resource?.droppedAttributesCount ?? 0) | 0;
  const schemaUrl = textOrNull(url);
  const entityRefs = entityRefsJson(resource?.entityRefs ?? [], `${path}.resource.entity_refs`);
  const serviceName = serviceNameOf(resource?.attributes ?? []);
  if (isLonger(serviceName, maxServiceNameBytes)) {
    throw new BadSpanError(`${path}.resource has a service.name of more than ${maxServiceNameBytes} bytes`);
  }
  return {
    id: contentId('resource', [attributes, droppedAttributesCount, schemaUrl ?? '', entityRefs ?? '']),
    serviceName,
    attributes,
    droppedAttributesCount,
    schemaUrl,
    entityRefs,
  };
}

/** The text by which a service is known: a name that isn't a string is taken as its attribute looks in JSON. */
function serviceNameOf(attributes: readonly KeyValue[]): string {
  const attribute = attributes.findLast(({ key }) => key === 'service.name');
  const content = attribute?.value?.value;
  if (attribute === undefined || content?.case === undefined || content.case === 'stringValueStrindex')
    return unknownService;
  if (content.case === 'stringValue') return storableText(content.value) || unknownService;
  return attributesToJson([attribute]).slice('{"service.name":'.length, -1);
}

function entityRefsJson(entityRefs: readonly EntityRef[], path: string): string | null {
  if (entityRefs.length === 0) return null;
  if (entityRefs.length > maxEntityRefs) {
    throw new BadSpanError(`${path} has ${entityRefs.length} entries, more than ${maxEntityRefs}`);
  }
  return JSON.stringify(
    entityRefs.map(({ schemaUrl, type, idKeys, descriptionKeys }) => ({
      schemaUrl: storableText(schemaUrl),
      type: storableText(type),
      idKeys: idKeys.map(storableText),
      descriptionKeys: descriptionKeys.map(storableText),
    })),
  );
}

/** @throws BadSpanError when its spans cannot be stored */
export function scopeRow(scope: InstrumentationScope | undefined, url: string, path: string): ScopeRow {
  const name = textOrNull(scope?.name ?? '');
  const version = textOrNull(scope?.version ?? '');
  const attributes = attributesJson(scope?.attributes ?? [], `${path}.scope.attributes`);
  const droppedAttributesCount = (scope?.droppedAttributesCount ?? 0) | 0;
  const schemaUrl = textOrNull(url);
  return {
    id: contentId('scope', [name ?? '', version ?? '', attributes, droppedAttributesCount, schemaUrl ?? '']),
    name,
    version,
    attributes,
    droppedAttributesCount,
    schemaUrl,
  };
}

export function operationRow(serviceName: string, spanKind: number, name: string): OperationRow {
  const spanName = storableText(name);
  return { id: contentId('operation', [serviceName, spanKind, spanName]), serviceName, spanKind, spanName };
}

/** The columns of a span's row that do not come from the span itself. */
export type SpanReferences = Pick<SpanRow, 'resourceId' | 'scopeId' | 'operationId' | 'instance'>;

function spanRow(span: Span, references: SpanReferences, path: string): SpanRow {
  const parent = optionalId(span.parentSpanId, 8, `${path}.parent_span_id`);
  return {
    ...references,
    traceId: hexOf(requiredId(span.traceId, 16, `${path}.trace_id`)),
    spanId: signedOf(requiredId(span.spanId, 8, `${path}.span_id`)),
    parentSpanId: parent === null || isZero(parent) ? null : signedOf(parent),
    startTimeUnixNano: startTime(span.startTimeUnixNano, `${path}.start_time_unix_nano`),
    endTimeUnixNano: time(span.endTimeUnixNano, `${path}.end_time_unix_nano`),
    flags: span.flags | 0,
    droppedAttributesCount: span.droppedAttributesCount | 0,
    droppedEventsCount: span.droppedEventsCount | 0,
    droppedLinksCount: span.droppedLinksCount | 0,
    statusCode: span.status?.code ?? 0,
    traceState: textOrNull(span.traceState),
    statusMessage: textOrNull(span.status?.message ?? ''),
    attributes: attributesJson(span.attributes, `${path}.attributes`),
  };
}

function startTime(unixNano: bigint, path: string): bigint {
  if (unixNano === 0n) throw new BadSpanError(`${path} is 0, but a span needs a start time`);
  return time(unixNano, path);
}

function eventRow(event: Span_Event, span: SpanRow, eventNbr: number, path: string): EventRow {
  if (isLonger(event.name, maxEventNameBytes)) throw new BadSpanError(`${path}${spanProblems.eventName}`);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    spanStartTimeUnixNano: span.startTimeUnixNano,
    timeUnixNano: time(event.timeUnixNano, `${path}.time_unix_nano`),
    spanInstance: span.instance,
    eventNbr,
    droppedAttributesCount: event.droppedAttributesCount | 0,
    name: storableText(event.name),
    attributes: attributesJson(event.attributes, `${path}.attributes`),
  };
}

/**
 * Accepts empty and all-zero ids: an SDK may record a link without a target for its attributes (OpenTelemetry trace API,
 * "Add Link").
 */
function linkRow(link: Span_Link, span: SpanRow, linkNbr: number, path: string): LinkRow {
  const linkedTraceId = optionalId(link.traceId, 16, `${path}.trace_id`);
  const linkedSpanId = optionalId(link.spanId, 8, `${path}.span_id`);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    spanStartTimeUnixNano: span.startTimeUnixNano,
    linkedTraceId: linkedTraceId === null ? null : hexOf(linkedTraceId),
    linkedSpanId: linkedSpanId === null ? null : signedOf(linkedSpanId),
    spanInstance: span.instance,
    linkNbr,
    flags: link.flags | 0,
    droppedAttributesCount: link.droppedAttributesCount | 0,
    traceState: textOrNull(link.traceState),
    attributes: attributesJson(link.attributes, `${path}.attributes`),
  };
}

function requiredId(id: Uint8Array, length: number, path: string): Uint8Array {
  if (id.length !== length) throw new BadSpanError(`${path} has ${id.length} bytes, not ${length}`);
  if (isZero(id)) throw new BadSpanError(`${path} is all zeros`);
  return id;
}

function optionalId(id: Uint8Array, length: number, path: string): Uint8Array | null {
  if (id.length === 0) return null;
  if (id.length !== length) throw new BadSpanError(`${path} has ${id.length} bytes, not ${length} or none`);
  return id;
}

function isZero(id: Uint8Array): boolean {
  return id.every((byte) => byte === 0);
}

function hexOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
}

function signedOf(id: Uint8Array): bigint {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).readBigInt64BE(0);
}

function time(unixNano: bigint, path: string): bigint {
  if (unixNano > maxInt64) throw new BadSpanError(`${path} is ${unixNano}, later than ${maxInt64}`);
  return unixNano;
}

function isLonger(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

function textOrNull(text: string): string | null {
  return text === '' ? null : storableText(text);
}

function attributesJson(attributes: readonly KeyValue[], path: string): string {
  try {
    return attributesToJson(attributes);
  } catch (error) {
    if (error instanceof AttributeLimitError) throw new BadSpanError(`${path} ${error.message}`, { cause: error });
    throw error;
  }
}
