import { createHash } from 'node:crypto';

/** A request that is small when compressed and large when decoded. */
export interface Bomb {
  readonly body: Buffer;
  readonly contentType: 'application/x-protobuf' | 'application/json';
  /** The accepted responses: stored in part or whole, or rejected without a retry. */
  readonly statuses: readonly number[];
}

const mebibyte = 1024 * 1024;

/**
 * Requests that need many times their size in memory or on disk, or block the event loop, unless tracestore limits their
 * objects. Each is created on demand.
 *
 * @param scale of the sizes: 1 for some MiB, 16 for the largest possible
 */
export function bombs(scale: number): Readonly<Record<string, () => Bomb>> {
  const bytes = scale * 4 * mebibyte - 1024;
  return {
    'empty attributes in a resource': () => protobuf(inResource(emptyFields(0x0a, bytes))),
    'a resource in many empty pieces': () => protobuf(field(1, emptyFields(0x0a, bytes))),
    'a scope in many empty pieces': () => protobuf(field(1, field(2, emptyFields(0x0a, bytes)))),
    'empty attributes in a scope': () =>
      protobuf(field(1, field(2, field(1, emptyFields(0x1a, bytes)), field(2, span())))),
    'a list of empty values in a resource': () =>
      protobuf(inResource(field(1, listAttribute(emptyFields(0x0a, bytes))))),
    'empty entity references': () => protobuf(inResource(emptyFields(0x1a, bytes))),
    'empty keys in an entity reference': () => protobuf(inResource(field(3, emptyFields(0x1a, bytes)))),
    'empty resources': () => protobuf(emptyFields(0x0a, bytes)),
    'empty scopes': () => protobuf(field(1, emptyFields(0x12, bytes))),
    'empty spans': () => protobuf(inScope(emptyFields(0x12, bytes))),
    'empty spans of an invalid resource': () =>
      protobuf(field(1, field(1, Buffer.from([8, 1])), field(2, emptyFields(0x12, bytes)))),
    'a span with empty events': () => protobuf(inScope(field(2, span(), emptyFields(0x5a, bytes)))),
    'a span with empty links': () => protobuf(inScope(field(2, span(), emptyFields(0x6a, bytes)))),
    'spans with empty events': () => {
      const one = field(2, span(), emptyFields(0x5a, 32_000));
      return protobuf(inScope(repeated(one, bytes)));
    },
    'a span with empty attributes': () => protobuf(inScope(field(2, span(), emptyFields(0x4a, bytes)))),
    'a span with a list of empty values': () =>
      protobuf(inScope(field(2, span(), field(9, listAttribute(emptyFields(0x0a, bytes)))))),
    'a span with a long text': () => protobuf(inScope(field(2, span(), textAttribute(Buffer.alloc(bytes, 'x'))))),
    'spans with control characters': () =>
      protobuf(inScope(repeated(field(2, span(), textAttribute(Buffer.alloc(2 * mebibyte, 1))), bytes))),
    'spans with denormal numbers': () => {
      const denormal = field(1, Buffer.from([0x21, 1, 0, 0, 0, 0, 0, 0, 0]));
      return protobuf(inScope(repeated(field(2, span(), field(9, listAttribute(repeated(denormal, 100_000)))), bytes)));
    },
    'duplicates of a small span': () => protobuf(inScope(repeated(field(2, span()), bytes))),
    'small spans for the fallback decoder': () => {
      const one = field(2, span(), field(15), field(15, Buffer.from([0x18, 2])));
      return protobuf(inScope(repeated(one, bytes)));
    },
    'spans with an overlong varint': () => {
      const one = field(
        2,
        span(),
        field(15),
        field(15),
        Buffer.from([0x50, ...Array.from({ length: 11 }, () => 0x80), 1]),
      );
      return protobuf(inScope(repeated(one, bytes)));
    },
    'spans with distinct names': () => {
      const spans: Buffer[] = [];
      for (let size = 0; size < bytes; size += (spans.at(-1) as Buffer).length) {
        spans.push(field(2, span(), field(5, Buffer.from(`${spans.length}`))));
      }
      return protobuf(inScope(Buffer.concat(spans)));
    },
    'spans in distinct intervals': () => {
      const spans: Buffer[] = [];
      for (let size = 0; size < bytes; size += (spans.at(-1) as Buffer).length) {
        spans.push(field(2, span(BigInt(spans.length + 1) * 10_000_000_000n)));
      }
      return protobuf(inScope(Buffer.concat(spans)));
    },
    'resources with distinct names': () => {
      const groups: Buffer[] = [];
      for (let size = 0; size < bytes; size += (groups.at(-1) as Buffer).length) {
        groups.push(field(1, field(1, serviceName(`s${groups.length}`)), field(2, field(2, span()))));
      }
      return protobuf(Buffer.concat(groups));
    },
    'a long service name with many operations': () => {
      const spans = Array.from({ length: 3_000 * scale }, (_, n) => field(2, span(), field(5, Buffer.from(`${n}`))));
      return protobuf(field(1, field(1, serviceName('s'.repeat(mebibyte / 2))), field(2, Buffer.concat(spans))));
    },
    'a service name of maximum length with many operations': () => {
      const spans = Array.from({ length: 20_000 * scale }, (_, n) => field(2, span(), field(5, Buffer.from(`${n}`))));
      return protobuf(field(1, field(1, serviceName('s'.repeat(1_000))), field(2, Buffer.concat(spans))));
    },
    'attributes in descending order': () => {
      const attributes = Array.from({ length: 4_096 }, (_, n) => field(9, field(1, Buffer.from(`k${9_999 - n}`))));
      return protobuf(inScope(repeated(field(2, span(), ...attributes), bytes)));
    },
    'a deep attribute': () => {
      let value: Buffer = Buffer.alloc(0);
      for (let depth = 0; depth < 2_000; depth++) value = field(5, field(1, value));
      return protobuf(inScope(repeated(field(2, span(), field(9, field(2, value))), bytes)));
    },
    noise: () => {
      const noise = createHash('sha512').update('noise').digest();
      return protobuf(inScope(repeated(field(2, noise), bytes)));
    },
    'JSON: empty spans': () => json(inJsonScope('{},', bytes / 4, '{}')),
    'JSON: 499,000 empty spans': () => json(inJsonScope('{},', 3 * 499_000, '{}')),
    'JSON: empty attributes': () => json(inJsonSpan(`"attributes":[${filled('{},', bytes / 4)}{}]`)),
    'JSON: a list of null': () =>
      json(inJsonSpan(`"attributes":[{"value":{"arrayValue":{"values":[${filled('null,', bytes / 4)}null]}}}]`)),
    'JSON: an unknown list': () => json(`{"unknown":[${filled('[{"a":1},2],', bytes / 4)}0]}`),
    'JSON: a deep unknown list': () =>
      json(`{"unknown":${'['.repeat(Math.floor(bytes / 8))}${']'.repeat(Math.floor(bytes / 8))}}`),
    'JSON: a number of many digits': () =>
      json(inJsonSpan(`"endTimeUnixNano":${'9'.repeat(Math.floor(bytes / 4))},"x":${'9'.repeat(1_000)}`)),
    'JSON: a long text of escape sequences': () =>
      json(inJsonSpan(`"name":"${filled(String.raw`\u0001`, bytes / 4)}"`)),
    'JSON: a repeated field': () => json(inJsonSpan(`${filled('"name":"a",', bytes / 4)}"name":"b"`)),
  };
}

/** The same request with other bytes, so that the ledger does not have it. An unknown field or spaces are appended. */
export function variantOf(bomb: Bomb, number: number): Bomb {
  const suffix =
    bomb.contentType === 'application/json' ? Buffer.alloc(number + 1, ' ') : Buffer.from([0xf8, 0x7c, number]);
  return { ...bomb, body: Buffer.concat([bomb.body, suffix]) };
}

/** A span with ids, a name and a start. */
function span(startTimeUnixNano = 1_700_000_000_000_000_000n): Buffer {
  const start = Buffer.alloc(9, 0x39);
  start.writeBigUInt64LE(startTimeUnixNano, 1);
  return Buffer.concat([field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 1)), start]);
}

function protobuf(body: Buffer): Bomb {
  return { body, contentType: 'application/x-protobuf', statuses: [200, 413] };
}

function json(body: string): Bomb {
  return { body: Buffer.from(body), contentType: 'application/json', statuses: [200, 413] };
}

function inResource(resource: Buffer): Buffer {
  return field(1, field(1, resource), field(2, field(2, span())));
}

function inScope(spans: Buffer): Buffer {
  return field(1, field(2, spans));
}

function serviceName(name: string): Buffer {
  return field(1, field(1, Buffer.from('service.name')), field(2, field(1, Buffer.from(name))));
}

/** The content of a KeyValue. */
function listAttribute(values: Buffer): Buffer {
  return field(2, field(5, values));
}

/** An attribute of a span. */
function textAttribute(text: Buffer): Buffer {
  return field(9, field(1, Buffer.from('k')), field(2, field(1, text)));
}

function inJsonScope(span: string, bytes: number, last: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${filled(span, bytes)}${last}]}]}]}`;
}

function inJsonSpan(members: string): string {
  const ids = '"traceId":"01010101010101010101010101010101","spanId":"0101010101010101","startTimeUnixNano":"1"';
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{${ids},${members}}]}]}]}`;
}

function filled(text: string, bytes: number): string {
  return text.repeat(Math.floor(bytes / text.length));
}

/** Returns empty fields with one tag. */
function emptyFields(tag: number, bytes: number): Buffer {
  return Buffer.alloc(Math.floor(bytes / 2) * 2, Buffer.from([tag, 0]));
}

function repeated(part: Buffer, bytes: number): Buffer {
  const count = Math.max(1, Math.floor(bytes / part.length));
  return Buffer.alloc(part.length * count, part);
}

/** A field of bytes. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head: number[] = [];
  for (const value of [number * 8 + 2, length]) {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) head.push((rest & 0x7f) | 0x80);
    head.push(rest);
  }
  return Buffer.concat([Buffer.from(head), ...parts]);
}
