import type { OtlpResourceSpans, OtlpScopeSpans, OtlpSpan } from '@spandrel/trace-files';

/*
 * Makes requests of OTLP. A request is identified by its bytes: tracestore stores the same bytes once. So the same spans must
 * become the same requests in every run. What is here is therefore part of the promise that an import can be repeated:
 * another order, another limit or another spelling would store everything twice.
 */

/** A span with its resource and scope. */
export interface FlatSpan {
  readonly resource: Omit<OtlpResourceSpans, 'scopeSpans'>;
  readonly scope: Omit<OtlpScopeSpans, 'spans'>;
  readonly span: OtlpSpan;
}

/** A request to send. */
export interface OtlpRequest {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly encoding: 'json' | 'protobuf';
  readonly spans: number;
}

/** A request has at most this many spans and bytes, unless one span is larger. */
const maxSpans = 2_000;
const maxBytes = 4 * 1024 * 1024;

/** The spans of a document, one by one. */
export function* flatSpansOf(resourceSpans: readonly OtlpResourceSpans[]): Generator<FlatSpan> {
  for (const { scopeSpans = [], ...resource } of resourceSpans) {
    for (const { spans = [], ...scope } of scopeSpans) {
      for (const span of spans) yield { resource, scope, span };
    }
  }
}

/** The spans of one trace in an order that depends on the spans alone: sources return them in any order. */
export function inCanonicalOrder(spans: readonly FlatSpan[]): readonly FlatSpan[] {
  return spans
    .map((flat) => ({
      flat,
      start: BigInt(flat.span.startTimeUnixNano ?? 0),
      text: `${flat.span.spanId} ${jsonOf(flat.span)} ${jsonOf(flat.resource)} ${jsonOf(flat.scope)}`,
    }))
    .toSorted((left, right) =>
      left.start < right.start ? -1 : left.start > right.start ? 1 : left.text < right.text ? -1 : 1,
    )
    .map(({ flat }) => flat);
}

/** Puts spans into requests, in their order. */
export function* requestsOf(spans: Iterable<FlatSpan>): Generator<OtlpRequest> {
  let batch = new Batch();
  for (const flat of spans) {
    const text = jsonOf(flat.span);
    if (batch.spans > 0 && (batch.spans >= maxSpans || batch.bytes + text.length > maxBytes)) {
      yield batch.request();
      batch = new Batch();
    }
    batch.add(flat, text);
  }
  if (batch.spans > 0) yield batch.request();
}

/** The text of a request whose elements of `resourceSpans` are texts. */
export function requestOfElements(elements: readonly string[]): string {
  return `{"resourceSpans":[${elements.join(',')}]}`;
}

/** OTLP has large integers as texts. */
function jsonOf(value: object): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}

/** Groups spans by resource and scope, which occur once in a request. */
class Batch {
  spans = 0;
  bytes = 0;
  private readonly resources = new Map<string, Map<string, string[]>>();
  private readonly keys = new Map<object, string>();

  add({ resource, scope }: FlatSpan, text: string): void {
    const resourceKey = this.keyOf(resource);
    const scopes = this.resources.get(resourceKey) ?? new Map<string, string[]>();
    this.resources.set(resourceKey, scopes);
    const scopeKey = this.keyOf(scope);
    const texts = scopes.get(scopeKey);
    if (texts === undefined) scopes.set(scopeKey, [text]);
    else texts.push(text);
    this.spans += 1;
    this.bytes += text.length;
  }

  request(): OtlpRequest {
    const elements = [...this.resources].map(([resource, scopes]) =>
      withMember(
        resource,
        'scopeSpans',
        [...scopes].map(([scope, texts]) => withMember(scope, 'spans', texts)),
      ),
    );
    return { body: requestOfElements(elements), encoding: 'json', spans: this.spans };
  }

  private keyOf(value: object): string {
    const known = this.keys.get(value);
    if (known !== undefined) return known;
    const key = jsonOf(value);
    this.keys.set(value, key);
    this.bytes += key.length;
    return key;
  }
}

/** The text of an object with one more member, a list. */
function withMember(text: string, name: string, elements: readonly string[]): string {
  return `${text === '{}' ? '{' : `${text.slice(0, -1)},`}"${name}":[${elements.join(',')}]}`;
}
