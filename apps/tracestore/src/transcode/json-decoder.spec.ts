import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { encodeJson, encodeProtobuf } from '@spandrel/testing/otlp-client';
import { RandomRequests } from '@spandrel/testing/random-request';
import { fullRequest } from '@spandrel/testing/requests';
import { limits } from '../limits.js';
import { CopyBatch, type Outcome } from '../storage/copy-batch.js';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { Span } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { JsonDecoder } from './json-decoder.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { Transcoder } from './transcoder.js';

const ids = '"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","startTimeUnixNano":"1"';

function decoded(json: string | Buffer): JsonDecoder {
  const decoder = new JsonDecoder(Buffer.from(json));
  expect(decoder.run(Infinity)).toBe(true);
  return decoder;
}

/** @returns why a request is refused; empty when it is not */
function refusalOf(json: Buffer): string {
  try {
    new JsonDecoder(json).run(Infinity);
    return '';
  } catch (error) {
    if (error instanceof TracestoreError) return error.message;
    throw error;
  }
}

function requestOf(json: string | Buffer): ExportTraceServiceRequest {
  return fromBinary(ExportTraceServiceRequestSchema, new Uint8Array(decoded(json).protobuf));
}

function spansJson(...spans: readonly string[]): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join()}]}]}]}`;
}

function spanOf(members: string): Span | undefined {
  return requestOf(spansJson(`{${ids},${members}}`)).resourceSpans[0]?.scopeSpans[0]?.spans[0];
}

function outcomeOf(json: string): Outcome {
  const { protobuf, problems } = decoded(json);
  const transcoder = new Transcoder();
  transcoder.begin(protobuf, new CopyBatch(), 0, problems, json.length);
  return transcoder.run(Infinity) as Outcome;
}

function inSnakeCase(json: string): string {
  return json.replace(
    /"(\w+)":/g,
    (_match, name: string) => `"${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`,
  );
}

describe('a request in JSON', () => {
  it('has the same rows as the request in protobuf', { timeout: 60_000 }, () => {
    const random = new RandomRequests(1);
    for (const request of [fullRequest(), ...Array.from({ length: 100 }, () => random.next())]) {
      const json = encodeJson(request);
      const inProtobuf = fromBinary(ExportTraceServiceRequestSchema, new Uint8Array(encodeProtobuf(request)));
      expect(requestOf(json)).toEqual(inProtobuf);
      expect(requestOf(JSON.stringify(JSON.parse(json), undefined, 2))).toEqual(inProtobuf);
      expect(decoded(json).protobuf.length).toBeLessThan(Buffer.byteLength(json));
    }
  });

  it('can be in snake_case at every level, with ids in hex', () => {
    const json = encodeJson(fullRequest());
    expect(requestOf(inSnakeCase(json))).toEqual(requestOf(json));
  });

  it('can begin with a byte order mark, and have names with escapes', () => {
    const json = spansJson(`{${ids},"n\\u0061me":"a"}`);
    expect(requestOf(`\uFEFF${json}`).resourceSpans[0]?.scopeSpans[0]?.spans[0]?.name).toBe('a');
  });

  it('can have unknown fields at any depth', () => {
    const deep = `${'[{"a":'.repeat(100_000)}1${'}]'.repeat(100_000)}`;
    const unknown = `"unknown":[1,-2.5e3,"x\\"]}",true,false,null,{},[],{"spans":[${deep}]}]`;
    const json = `{${unknown},"resourceSpans":[{${unknown},"scopeSpans":[{${unknown},"spans":[{${unknown},${ids},"status":{${unknown}}}]}]}]}`;
    expect(outcomeOf(json)).toMatchObject({ acceptedSpans: 1, rejectedSpans: 0 });
  });

  it.each<readonly [string, string, Partial<Record<keyof Span, unknown>>]>([
    [
      'null for any field',
      '"name":null,"status":null,"attributes":null,"events":null,"kind":null',
      { name: '', kind: 0 },
    ],
    ['an enumeration by name', '"kind":"SPAN_KIND_SERVER"', { kind: 2 }],
    ['an enumeration as a number in text', '"kind":"3"', { kind: 3 }],
    ['an integer as text', '"droppedEventsCount":"4294967295"', { droppedEventsCount: 4_294_967_295 }],
    [
      'an integer with a fraction of zeros',
      '"droppedEventsCount":5.0,"droppedLinksCount":"12.00"',
      { droppedEventsCount: 5, droppedLinksCount: 12 },
    ],
    [
      'an integer with an exponent',
      '"droppedEventsCount":5e2,"droppedLinksCount":"1.2E1"',
      { droppedEventsCount: 500, droppedLinksCount: 12 },
    ],
    ['zero with an exponent', '"droppedEventsCount":0e99', { droppedEventsCount: 0 }],
    ['a time as a number', '"endTimeUnixNano":1700000000123456789', { endTimeUnixNano: 1_700_000_000_123_456_789n }],
    ['the last of a repeated field', '"name":"a","kind":1,"name":"b"', { name: 'b', kind: 1 }],
    [
      'the last of a repeated field in both spellings',
      '"flags":1,"traceState":"a","trace_state":"b"',
      { traceState: 'b', flags: 1 },
    ],
    ['no value of a repeated field that is null at last', '"name":"a","name":null', { name: '' }],
    [
      'ids of any case',
      '"parentSpanId":"ABCDEFabcdef0123"',
      { parentSpanId: new Uint8Array(Buffer.from('abcdefabcdef0123', 'hex')) },
    ],
    ['a lone surrogate', '"name":"a\\ud83db"', { name: 'a\uFFFDb' }],
    ['all escapes', '"name":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00"', { name: '"\\/\b\f\n\r\té€😀' }],
  ])('can have %s', (_what, members, expected) => {
    expect(spanOf(members)).toMatchObject(expected);
  });

  it.each<readonly [string, string, unknown]>([
    ['the least integer', '{"intValue":"-9223372036854775808"}', { case: 'intValue', value: -(2n ** 63n) }],
    ['the greatest integer', '{"int_value":9223372036854775807}', { case: 'intValue', value: 2n ** 63n - 1n }],
    ['a negative integer', '{"intValue":-5}', { case: 'intValue', value: -5n }],
    ['a double as text', '{"doubleValue":"-1.5e-7"}', { case: 'doubleValue', value: -1.5e-7 }],
    ['NaN', '{"doubleValue":"NaN"}', { case: 'doubleValue', value: NaN }],
    [
      'bytes without padding, in the alphabet of URLs',
      '{"bytesValue":"_-8"}',
      { case: 'bytesValue', value: new Uint8Array([0xff, 0xef]) },
    ],
    ['the last of several values', '{"stringValue":"a","intValue":5}', { case: 'intValue', value: 5n }],
    [
      'a value that a later null does not remove',
      '{"stringValue":"a","intValue":null}',
      { case: 'stringValue', value: 'a' },
    ],
    ['null', 'null', undefined],
  ])('can have an attribute that is %s', (_what, json, value) => {
    expect(spanOf(`"attributes":[{"key":"a","value":${json}}]`)?.attributes[0]?.value?.value).toEqual(value);
  });

  it('has an empty value for null in an array', () => {
    const [attribute] =
      spanOf('"attributes":[{"key":"a","value":{"arrayValue":{"values":[null,{"intValue":1}]}}}]')?.attributes ?? [];
    expect(attribute?.value?.value).toMatchObject({
      value: { values: [{ value: { case: undefined } }, { value: { case: 'intValue', value: 1n } }] },
    });
  });

  it('has the parts of a repeated list concatenated', () => {
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{${ids},"name":"a"}],"spans":[{${ids},"name":"b"}]}]}],"resource_spans":[{"scopeSpans":[{"spans":[{${ids},"spanId":""}]}]}]}`;
    expect(outcomeOf(json)).toMatchObject({ acceptedSpans: 2, rejectedSpans: 1 });
    expect(outcomeOf(json).errorMessage).toContain('resource_spans[1].scope_spans[0].spans[0].span_id');
  });

  it('pauses when its time is over, and continues there', () => {
    const json = spansJson(...Array.from({ length: 5_000 }, (_, n) => `{${ids},"name":"${n}"}`));
    const decoder = new JsonDecoder(Buffer.from(json));
    let pauses = 0;
    while (!decoder.run(0)) pauses++;
    expect(pauses).toBeGreaterThan(5);
    expect(decoder.protobuf.equals(decoded(json).protobuf)).toBe(true);
  });
});

describe('a long request in JSON', () => {
  /** @returns how often it pauses without time; checks that the result stays the same */
  function pausesOf(json: string): number {
    const decoder = new JsonDecoder(Buffer.from(json));
    let pauses = 0;
    while (!decoder.run(0)) pauses++;
    expect(decoder.protobuf.equals(decoded(json).protobuf)).toBe(true);
    expect(decoder.problems).toEqual(decoded(json).problems);
    return pauses;
  }

  it.each([
    ['a value', `"name":"a","name":"${'x'.repeat(1_000_000)}","kind":1`],
    ['a value of escapes', `"name":"${String.raw`\n`.repeat(500_000)}"`],
    ['the name of a field', `"${'x'.repeat(1_000_000)}":1,"name":"a"`],
    ['a value that is skipped', `"unknown":["${'x'.repeat(1_000_000)}"],"name":"a"`],
    ['a value that is no text', `"kind":"${'x'.repeat(1_000_000)}"`],
  ])('pauses within a long text: %s', (_what, members) => {
    expect(pausesOf(spansJson(`{${ids},${members}}`))).toBeGreaterThan(10);
  });

  it('pauses within long white space', () => {
    expect(pausesOf(spansJson(`{${ids},${' '.repeat(1_000_000)}"name":"a"}`))).toBeGreaterThan(10);
  });

  it('pauses when it removes a repeated field from much output', () => {
    const much = `"attributes":[${'{},'.repeat(60_000)}{}]`;
    const once = pausesOf(spansJson(`{${ids},"name":"a",${much}}`));
    const again = pausesOf(spansJson(`{${ids},"name":"a",${much},${'"name":"b",'.repeat(14)}"name":"c"}`));
    expect(again).toBeGreaterThanOrEqual(once + 14);
    expect(spanOf(`"name":"a",${much},"kind":1,"name":"c"`)).toMatchObject({ name: 'c', kind: 1 });
  });

  it('rejects a span with a text above the limit', () => {
    const text = String.raw`\u0001`.repeat(limits.jsonTextBytes.value / 6 + 1);
    const outcome = outcomeOf(spansJson(`{${ids},"name":"a"}`, `{${ids},"name":"${text}"}`));
    expect(outcome).toMatchObject({ acceptedSpans: 1, rejectedSpans: 1 });
    expect(outcome.errorMessage).toContain('spans[1].name has more than 4194304 bytes of text');
  });
});

describe('a JSON value that its field cannot have', () => {
  const value = (json: string): string => `"attributes":[{"key":"a","value":${json}}]`;
  const big = `1${'0'.repeat(1_000_000)}`;

  it.each<readonly [string, string]>([
    [value('{"intValue":5.5}'), 'attributes[0].value.int_value must be a 64-bit integer, got 5.5'],
    [value('{"intValue":"5.5"}'), 'attributes[0].value.int_value must be'],
    [value('{"intValue":9223372036854775808}'), 'attributes[0].value.int_value must be'],
    [value('{"intValue":"-9223372036854775809"}'), 'attributes[0].value.int_value must be'],
    [value('{"intValue":""}'), 'attributes[0].value.int_value must be'],
    [value('{"intValue":true}'), 'attributes[0].value.int_value must be'],
    [value(`{"intValue":${big}}`), 'attributes[0].value.int_value must be'],
    [value('{"stringValue":5}'), 'attributes[0].value.string_value must be text, got 5'],
    [value('{"stringValue":{"a":[1,{"b":2}]}}'), 'attributes[0].value.string_value must be text'],
    [value('{"boolValue":"true"}'), 'attributes[0].value.bool_value must be true or false, got "true"'],
    [value('{"boolValue":1}'), 'attributes[0].value.bool_value must be'],
    [value('{"doubleValue":"1.5x"}'), 'attributes[0].value.double_value must be a number'],
    [value('{"doubleValue":1e999}'), 'attributes[0].value.double_value must be a number'],
    [value('{"doubleValue":true}'), 'attributes[0].value.double_value must be a number'],
    [value('{"bytesValue":"a!"}'), 'attributes[0].value.bytes_value must be base64'],
    [value('{"bytesValue":"AAAAA"}'), 'attributes[0].value.bytes_value must be base64'],
    [value('{"bytesValue":[1,2]}'), 'attributes[0].value.bytes_value must be base64'],
    [value('{"arrayValue":{"values":{}}}'), 'attributes[0].value.array_value.values must be an array'],
    [value('{"arrayValue":{"values":[1]}}'), 'attributes[0].value.array_value.values[0] must be an object'],
    [value('"a"'), 'attributes[0].value must be an object'],
    ['"attributes":{"a":"b"}', 'attributes must be an array, got {"a":"b"'],
    ['"attributes":[5]', 'attributes[0] must be an object'],
    ['"attributes":[{"key":5}]', 'attributes[0].key must be text'],
    ['"name":5', 'name must be text, got 5'],
    ['"kind":"SPAN_KIND_SHOP"', 'kind must be a number or a name of its enumeration'],
    ['"kind":1.5', 'kind must be'],
    ['"status":{"code":"BAD"}', 'status.code must be'],
    ['"status":{"message":5}', 'status.message must be'],
    ['"status":"ok"', 'status must be an object'],
    ['"droppedAttributesCount":-1', 'dropped_attributes_count must be an integer from 0 to 4294967295, got -1'],
    ['"droppedEventsCount":4294967296', 'dropped_events_count must be'],
    ['"droppedLinksCount":""', 'dropped_links_count must be'],
    ['"flags":-1', 'flags must be'],
    ['"endTimeUnixNano":""', 'end_time_unix_nano must be'],
    ['"endTimeUnixNano":"-1"', 'end_time_unix_nano must be'],
    ['"endTimeUnixNano":"2023-01-01T00:00:00Z"', 'end_time_unix_nano must be'],
    ['"endTimeUnixNano":18446744073709551616', 'end_time_unix_nano must be'],
    [`"endTimeUnixNano":${big}`, 'end_time_unix_nano must be'],
    ['"parentSpanId":"undefined"', 'parent_span_id must be hex, got "undefined"'],
    ['"parentSpanId":"abc"', 'parent_span_id must be hex'],
    ['"parent_span_id":5', 'parent_span_id must be hex'],
    ['"events":[{},{"timeUnixNano":"x"}]', 'events[1].time_unix_nano must be'],
    ['"events":[{"name":5}]', 'events[0].name must be text'],
    [`"events":[{${value('{"intValue":"x"}')}}]`, 'events[0].attributes[0].value.int_value must be'],
    ['"events":"none"', 'events must be an array'],
    ['"links":[{"traceId":[1,2,3]}]', 'links[0].trace_id must be hex, got [1'],
    ['"links":[{"span_id":"xy"}]', 'links[0].span_id must be hex'],
    ['"links":[{"droppedAttributesCount":"x"}]', 'links[0].dropped_attributes_count must be'],
    [
      Array.from({ length: 20 }, () => '"name":"a"').join(),
      'name is repeated, and its object has more than 16 repeated fields',
    ],
  ])('rejects only its span, with its path: %s', (members, message) => {
    const json = spansJson(`{${ids},"name":"before"}`, `{${ids},${members}}`, `{${ids},"name":"after"}`);
    for (const sent of [json, inSnakeCase(json)]) {
      const outcome = outcomeOf(sent);
      expect(outcome).toMatchObject({ acceptedSpans: 2, rejectedSpans: 1 });
      expect(outcome.errorMessage).toContain(
        `1 of 3 spans rejected: resource_spans[0].scope_spans[0].spans[1].${message}`,
      );
    }
  });

  it.each(['intValue', 'doubleValue'])(
    'costs its span when it is longer than numbers may be, whatever it is: %s',
    (field) => {
      const longest = `1.${'0'.repeat(limits.jsonNumberCharacters.value - 2)}`;
      for (const quote of ['', '"']) {
        const [right, wrong] = [longest, `${longest}0`].map((number) =>
          outcomeOf(spansJson(`{${ids},${value(`{"${field}":${quote}${number}${quote}}`)}}`)),
        );
        expect(right).toMatchObject({ acceptedSpans: 1, rejectedSpans: 0 });
        expect(wrong).toMatchObject({ acceptedSpans: 0, rejectedSpans: 1 });
      }
    },
  );

  it.each(['5', '"span"', '[]', 'true'])('rejects only itself in a list of spans: %s', (span) => {
    expect(outcomeOf(spansJson(`{${ids}}`, span, `{${ids}}`))).toMatchObject({
      acceptedSpans: 2,
      rejectedSpans: 1,
      errorMessage: `1 of 3 spans rejected: resource_spans[0].scope_spans[0].spans[1] must be an object, got ${span === '[]' ? '[' : span}`,
    });
  });

  it('rejects a span whose attributes are nested too deeply, with the path of the set', () => {
    const deep = `${'{"kvlistValue":{"values":[{"key":"a","value":'.repeat(1_000)}{}${'}]}}'.repeat(1_000)}`;
    const outcome = outcomeOf(spansJson(`{${ids}}`, `{${ids},${value(deep)}}`));
    expect(outcome).toMatchObject({ acceptedSpans: 1, rejectedSpans: 1 });
    expect(outcome.errorMessage).toContain('spans[1].attributes is nested more than 64 levels deep');
  });

  it.each([
    [
      '"resource":{"attributes":[{"key":"a","value":{"intValue":1.5}}]}',
      'resource_spans[0].resource.attributes[0].value.int_value',
    ],
    ['"resource":{"droppedAttributesCount":-1}', 'resource_spans[0].resource.dropped_attributes_count'],
    ['"resource":5', 'resource_spans[0].resource must be an object'],
    ['"schemaUrl":5', 'resource_spans[0].schema_url must be text'],
  ])('rejects the spans of its resource: %s', (member, message) => {
    const scopes = `"scopeSpans":[{"spans":[{${ids}},{"spanId":"x"}]},{"spans":[{${ids}}]}]`;
    for (const members of [`${member},${scopes}`, `${scopes},${member}`]) {
      const outcome = outcomeOf(`{"resourceSpans":[{${members}},{"scopeSpans":[{"spans":[{${ids}}]}]}]}`);
      expect(outcome).toMatchObject({ acceptedSpans: 1, rejectedSpans: 3 });
      expect(outcome.errorMessage).toContain(`3 of 4 spans rejected: ${message}`);
      expect(outcome.errorMessage).not.toContain('trace_id');
    }
  });

  it.each([
    ['"scope":{"name":5}', 'resource_spans[0].scope_spans[0].scope.name must be text'],
    ['"schema_url":[]', 'resource_spans[0].scope_spans[0].schema_url must be text'],
  ])('rejects the spans of its scope: %s', (member, message) => {
    const spans = `"spans":[{${ids}},{${ids}}]`;
    for (const members of [`${member},${spans}`, `${spans},${member}`]) {
      const outcome = outcomeOf(`{"resourceSpans":[{"scopeSpans":[{${members}},{${spans}}]}]}`);
      expect(outcome).toMatchObject({ acceptedSpans: 2, rejectedSpans: 2 });
      expect(outcome.errorMessage).toContain(message);
    }
  });

  it('is described for the first few spans only', () => {
    const { errorMessage } = outcomeOf(spansJson(...Array.from({ length: 20 }, () => `{${ids},"kind":"x"}`)));
    expect(errorMessage).toMatch(/^20 of 20 spans rejected: .*spans\[4\]\.kind.*; …$/);
    expect(errorMessage).not.toContain('spans[5]');
  });
});

describe('a body that is not a request in JSON', () => {
  it.each([
    ['', 'ends too early, at byte 0'],
    ['{', 'ends too early, at byte 1'],
    ['[]', 'invalid JSON at byte 0'],
    ['null', 'at byte 0'],
    ['{"a":1,}', 'at byte 7'],
    ['{"a":[1,]}', 'at byte 8'],
    ['{"a":01}', 'at byte 6'],
    ['{"a":1 "b":2}', 'at byte 7'],
    ['{"a":[1}}', 'at byte 7'],
    ['{"a":{"b":1]}', 'at byte 11'],
    ['{"a":tru}', 'at byte 8'],
    ['{"a":"\\x"}', 'at byte 6'],
    ['{"a":"\\u12x4"}', 'at byte 6'],
    ['{"a":"\n"}', 'at byte 6'],
    ['{"a":1}{', 'at byte 7'],
    ['{"resourceSpans":5}', 'resource_spans must be an array, at byte 17'],
    ['{"resourceSpans":[5]}', 'resource_spans[0] must be an object'],
    ['{"resourceSpans":[{"scopeSpans":{}}]}', 'resource_spans[0].scope_spans must be an array'],
    ['{"resourceSpans":[{"scopeSpans":[1]}]}', 'resource_spans[0].scope_spans[0] must be an object'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]}', 'resource_spans[0].scope_spans[0].spans must be an array'],
    ['['.repeat(1_000_000), 'at byte 0'],
    [`{"a":${'['.repeat(1_000_000)}`, 'ends too early'],
  ])('is refused with the position: %j', (json, message) => {
    expect(() => decoded(json)).toThrow(message);
    expect(() => decoded(json)).toThrow(TracestoreError);
  });

  it('is refused above the limits of bytes and spans', () => {
    expect(() => new JsonDecoder(Buffer.alloc(limits.requestJsonBytes.value + 1))).toThrow('bytes of JSON');
    const spans = `{}${',{}'.repeat(limits.requestSpans.value)}`;
    expect(() => decoded(spansJson(spans))).toThrow('more than 250000 spans');
  });

  it('is refused or accepted as JSON.parse does, whatever the damage', { timeout: 60_000 }, () => {
    const json = Buffer.from(encodeJson(fullRequest()));
    let refused = 0;
    for (let n = 0; n < 3_000; n++) {
      const damaged = Buffer.from(json);
      const at = (n * 7_919) % damaged.length;
      damaged[at] = 0x20 + ((n * 104_729) % 95);
      let isJson = true;
      try {
        JSON.parse(damaged.toString());
      } catch {
        isJson = false;
      }
      const message = refusalOf(damaged);
      if (message !== '') refused++;
      const isRight = isJson ? message === '' || message.includes('must be an array') : message !== '';
      if (!isRight) throw new Error(`${message} ${damaged.toString()}`);
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(2_900);
  });
});

describe('spans in instrumentation_library_spans', () => {
  it.each(['instrumentationLibrarySpans', 'instrumentation_library_spans'])(
    'are reported as not supported: %s',
    (name) => {
      const json = `{"resourceSpans":[{"${name}":[{"spans":[{${ids}}]}]}]}`;
      expect(outcomeOf(json)).toMatchObject({ acceptedSpans: 0, rejectedSpans: 0 });
      expect(outcomeOf(json).errorMessage).toContain('instrumentation_library_spans is not supported');
    },
  );
});
