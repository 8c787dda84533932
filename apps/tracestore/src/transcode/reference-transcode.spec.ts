import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import { type ReferenceRows, referenceRows } from '@spandrel/testing/reference-rows';
import { attribute, fullRequest, goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { ResourceSchema } from '../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { limits } from '../limits.js';
import { resourceRow } from './reference-transcode.js';

function rowsOf(request: ExportTraceServiceRequest, firstInstance: number): ReferenceRows {
  return referenceRows(encodeProtobuf(request), firstInstance);
}

describe('the rows of a request', () => {
  it("refer to one row of each dictionary, and have the span's own values", () => {
    const rows = rowsOf(fullRequest(), 41);
    const [first, { span: bare } = {}, { span: other } = {}] = rows.spans;
    const span = first?.span;
    expect(span).toMatchObject({
      traceId: 'ffeeddccbbaa99887766554433221100',
      spanId: -81_985_529_216_486_896n,
      parentSpanId: -(2n ** 63n) + 1n,
      startTimeUnixNano: 1_700_000_000_123_456_789n,
      flags: -1,
      instance: 42,
      statusCode: 2,
    });
    expect(bare).toMatchObject({ parentSpanId: null, traceState: null, statusMessage: null, instance: 43 });
    expect(bare?.resourceId).toBe(span?.resourceId);
    expect(other?.resourceId).not.toBe(span?.resourceId);
    expect(rows.resources.get(other?.resourceId ?? 0n)).toMatchObject({
      serviceName: 'unknown_service',
      entityRefs: null,
    });
    expect(first?.events.map(({ eventNbr, spanInstance }) => [eventNbr, spanInstance])).toEqual([
      [0, 42],
      [1, 42],
    ]);
    expect(first?.links[1]).toMatchObject({ linkedTraceId: null, linkedSpanId: null, linkNbr: 1 });
  });

  it('have ids that depend only on the content, and never change', () => {
    const rows = rowsOf(requestOf([goodSpan({ name: 'GET /' })]), 0);
    // Computed separately: the first 8 bytes of the SHA-256 of the JSON array, for example ["operation","shop",2,"GET /"].
    expect([...rows.operations.keys()]).toEqual([3_067_319_192_971_513_364n]);
    expect([...rows.resources.keys()]).toEqual([-953_438_433_178_900_415n]);
    expect([...rows.scopes.keys()]).toEqual([5_091_320_206_958_609_174n]);
  });

  it('share a resource whose attributes are in another order', () => {
    const resourceSpans = [
      [text('service.name', 'a'), text('host.name', 'b')],
      [text('host.name', 'b'), text('service.name', 'a')],
    ].map((attributes) => ({ resource: { attributes }, scopeSpans: [{ spans: [goodSpan()] }] }));
    const rows = rowsOf(create(ExportTraceServiceRequestSchema, { resourceSpans }), 0);
    expect(rows.spans).toHaveLength(2);
    expect(rows.resources.size).toBe(1);
  });

  it('have instances that wrap around within int4', () => {
    const rows = rowsOf(requestOf([goodSpan(), goodSpan()]), 2 ** 31 - 2);
    expect(rows.spans.map(({ span }) => span.instance)).toEqual([2 ** 31 - 1, -(2 ** 31)]);
  });
});

describe('a resource that cannot be stored', () => {
  it('rejects only its own spans', () => {
    const deep = Array.from({ length: 70 }).reduce<ReturnType<typeof attribute>>(
      (inner) => attribute('a', { case: 'kvlistValue', value: { values: [inner] } }),
      text('a', ''),
    );
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        { resource: { attributes: [deep] }, scopeSpans: [{ spans: [goodSpan(), goodSpan()] }] },
        { resource: { entityRefs: Array.from({ length: 1_001 }, () => ({})) }, scopeSpans: [{ spans: [goodSpan()] }] },
        {
          scopeSpans: [{ scope: { attributes: [deep] }, spans: [goodSpan()] }, { spans: [goodSpan({ name: 'kept' })] }],
        },
      ],
    });
    const { rejectedSpans, errorMessage, ...rows } = rowsOf(request, 0);
    expect([...rows.operations.values()].map(({ spanName }) => spanName)).toEqual(['kept']);
    expect(rows.resources.size).toBe(1);
    expect(rejectedSpans).toBe(4);
    expect(errorMessage).toBe(
      '4 of 5 spans rejected: ' +
        'resource_spans[0].resource.attributes is nested more than 64 levels deep; ' +
        'resource_spans[0].resource.attributes is nested more than 64 levels deep; ' +
        'resource_spans[1].resource.entity_refs has 1001 entries, more than 1000; ' +
        'resource_spans[2].scope_spans[0].scope.attributes is nested more than 64 levels deep',
    );
  });
});

describe('a rejected span', () => {
  it('leaves no events, links or dictionary entries', () => {
    const span = goodSpan({ events: [{ name: 'kept?' }], links: [{ spanId: hexBytes('00') }] });
    const { rejectedSpans, errorMessage, ...rows } = rowsOf(requestOf([span]), 0);
    expect(errorMessage).toContain('links[0].span_id has 1 bytes');
    expect(rejectedSpans).toBe(1);
    expect(rows).toEqual({
      resources: new Map(),
      scopes: new Map(),
      operations: new Map(),
      spans: [],
    });
  });
});

describe('the service name of a resource', () => {
  const nameOf = (value: Parameters<typeof attribute>[1]): string =>
    resourceRow(create(ResourceSchema, { attributes: [attribute('service.name', value)] }), '', 'resource_spans[0]')
      .serviceName;

  it.each<readonly [string, Parameters<typeof attribute>[1], string]>([
    ['text', { case: 'stringValue', value: 'shop' }, 'shop'],
    ['an empty text', { case: 'stringValue', value: '' }, 'unknown_service'],
    ['an empty value', { case: undefined }, 'unknown_service'],
    ['an integer', { case: 'intValue', value: 5n }, '5'],
    ['a double', { case: 'doubleValue', value: 5 }, '5.0'],
    ['a boolean', { case: 'boolValue', value: true }, 'true'],
    ['an array', { case: 'arrayValue', value: { values: [{ value: { case: 'stringValue', value: 'a' } }] } }, '["a"]'],
    ['a key-value list', { case: 'kvlistValue', value: { values: [text('a', 'b')] } }, '{"a":"b"}'],
    ['bytes', { case: 'bytesValue', value: hexBytes('00ff') }, '{"bytesValue":"AP8="}'],
  ])('is one text when the attribute is %s', (_what, value, name) => {
    expect(nameOf(value)).toBe(name);
  });

  it('is unknown_service when there is no attribute', () => {
    expect(resourceRow(undefined, '', 'resource_spans[0]').serviceName).toBe('unknown_service');
  });

  it('rejects the spans of the resource when it is above the limit', () => {
    const request = requestOf([goodSpan()], 'a'.repeat(limits.serviceNameBytes.value + 1));
    expect(rowsOf(request, 0)).toMatchObject({
      rejectedSpans: 1,
      errorMessage: '1 of 1 spans rejected: resource_spans[0].resource has a service.name of more than 16384 bytes',
    });
    expect(rowsOf(requestOf([goodSpan()], 'a'.repeat(limits.serviceNameBytes.value)), 0).rejectedSpans).toBe(0);
  });
});
