import type { SpanEvent, TraceSpan } from '../../query/get-traces/trace-span.js';
import { flatAttributes } from './flat-attributes.js';
import {
  durationOf,
  type ModelProcess,
  modelProcessOf,
  type ModelTag,
  modelTagsOf,
  referencesOf,
  tagsAfterAttributes,
  tagsBeforeAttributes,
  tagsOfName,
} from './model-span.js';

/*
 * A trace in the JSON of Jaeger's older HTTP API and its UI: times in microseconds, resources as processes.
 */

const nsPerUs = 1000n;

/** Writes one trace in parts: `begin`, `spans` for each chunk, `end`. */
export class UiTraceWriter {
  private readonly processes = new Map<ModelProcess, string>();
  private separator = '';
  private previous: TraceSpan | undefined;

  /** @param traceId 32 hex digits */
  constructor(private readonly traceId: string) {}

  begin(): string {
    return `{"traceID":"${uiTraceId(this.traceId)}","spans":[`;
  }

  spans(spans: readonly TraceSpan[]): string {
    let text = '';
    for (const span of spans) {
      text += this.separator + this.span(span);
      this.separator = ',';
      this.previous = span;
    }
    return text;
  }

  end(): string {
    const processes = [...this.processes].map(
      ([{ serviceName, tags }, id]) =>
        `"${id}":{"serviceName":${JSON.stringify(serviceName)},"tags":[${tagsJson(tags)}]}`,
    );
    return `],"processes":{${processes.join(',')}},"warnings":null}`;
  }

  private span(span: TraceSpan): string {
    const references = referencesOf(this.traceId, span).map(
      ({ refType, traceId, spanId }) =>
        `{"refType":"${refType}","traceID":"${uiTraceId(traceId)}","spanID":"${spanId}"}`,
    );
    const { tags } = attributesAsTags(span.attributesJson);
    const allTags = [tagsJson(tagsBeforeAttributes(span)), tags, tagsJson(tagsAfterAttributes(span))];
    return `{"traceID":"${uiTraceId(this.traceId)}","spanID":"${span.spanId}","operationName":${JSON.stringify(span.name)},"references":[${references.join(',')}],"startTime":${span.startTimeUnixNano / nsPerUs},"duration":${durationOf(span) / nsPerUs},"tags":[${listOf(allTags)}],"logs":[${span.events.map(logJson).join(',')}],"processID":"${this.processId(modelProcessOf(span))}","warnings":${this.warningsJson(span)}}`;
  }

  /** A span that was sent in two requests is stored twice. Both have the same start, so they are adjacent. */
  private warningsJson(span: TraceSpan): string {
    const { previous } = this;
    const isAgain =
      previous?.spanId === span.spanId &&
      previous.startTimeUnixNano === span.startTimeUnixNano &&
      previous.endTimeUnixNano === span.endTimeUnixNano &&
      previous.name === span.name &&
      previous.serviceName === span.serviceName &&
      previous.attributesJson === span.attributesJson;
    return isAgain ? '["the same span as the one before it: it was sent more than once"]' : 'null';
  }

  private processId(process: ModelProcess): string {
    let id = this.processes.get(process);
    if (id === undefined) this.processes.set(process, (id = `p${this.processes.size + 1}`));
    return id;
  }
}

/** Shortens an id of 64 bits to 16 digits, as Jaeger does. @param traceId 32 hex digits */
export function uiTraceId(traceId: string): string {
  return traceId.startsWith('0'.repeat(16)) ? traceId.slice(16) : traceId;
}

function logJson(event: SpanEvent): string {
  const { tags, hasEvent } = attributesAsTags(event.attributesJson);
  const fields = hasEvent ? tags : listOf([tagsJson(tagsOfName(event)), tags]);
  return `{"timestamp":${event.timeUnixNano / nsPerUs},"fields":[${fields}]}`;
}

/** Joins the elements of lists; a list may be empty. */
function listOf(lists: readonly string[]): string {
  return lists.filter((list) => list !== '').join(',');
}

/** Writes attributes as tags, with commas between them; also whether one has the key `event`. */
export function attributesAsTags(attributesJson: string): { readonly tags: string; readonly hasEvent: boolean } {
  const attributes = flatAttributes(attributesJson);
  if (attributes === undefined) {
    const tags = modelTagsOf(attributesJson);
    return { tags: tagsJson(tags), hasEvent: tags.some(({ key }) => key === 'event') };
  }
  let hasEvent = false;
  let tags = '';
  for (const { key, value } of attributes) {
    if (key === 'event') hasEvent = true;
    tags += `${tags === '' ? '' : ','}{"key":"${key}",${typeAndValueOf(value)}}`;
  }
  return { tags, hasEvent };
}

/** @param value a string, number, truth value or null, as JSON */
function typeAndValueOf(value: string): string {
  switch (value[0]) {
    case '"':
      return `"type":"string","value":${value}`;
    case 't':
    case 'f':
      return `"type":"bool","value":${value}`;
    case 'n':
      return '"type":"string","value":""';
    default: {
      const tag = value.includes('.')
        ? ({ key: '', type: 'float64', value: Number(value) } as const)
        : ({ key: '', type: 'int64', value: BigInt(value) } as const);
      return `"type":"${tag.type}","value":${valueJson(tag)}`;
    }
  }
}

export function tagsJson(tags: readonly ModelTag[]): string {
  return tags
    .map((tag) => `{"key":${JSON.stringify(tag.key)},"type":"${tag.type}","value":${valueJson(tag)}}`)
    .join(',');
}

function valueJson(tag: ModelTag): string {
  switch (tag.type) {
    case 'string':
      return JSON.stringify(tag.value);
    case 'bool':
      return String(tag.value);
    case 'int64':
      // A larger number would lose its last digits in a browser.
      return Number.isSafeInteger(Number(tag.value)) ? String(tag.value) : `"${tag.value}"`;
    case 'float64':
      if (Object.is(tag.value, -0)) return '-0';
      return Number.isFinite(tag.value) ? String(tag.value) : `"${tag.value}"`;
    case 'binary':
      // Go's form of an empty array of bytes.
      return tag.value.length === 0 ? 'null' : `"${Buffer.from(tag.value).toString('base64')}"`;
  }
}
