import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { attribute, fullRequest, goodSpan, hexBytes, requestOf, text } from '../../test/requests.js';
import { ExportTraceServiceRequestSchema } from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { transcodeReference } from './reference-transcode.js';

describe('rows of a request', () => {
  it("refer to one dictionary row each, and hold what is a span's own", () => {
    const { rows } = transcodeReference(fullRequest(), 41);
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

  it('have ids that are made of the content alone, for ever', () => {
    const { rows } = transcodeReference(requestOf([goodSpan({ name: 'GET /' })]), 0);
    // Worked out apart: the first 8 bytes of sha256 of the JSON array, for example ["operation","shop",2,"GET /"].
    expect([...rows.operations.keys()]).toEqual([3_067_319_192_971_513_364n]);
    expect([...rows.resources.keys()]).toEqual([-953_438_433_178_900_415n]);
    expect([...rows.scopes.keys()]).toEqual([5_091_320_206_958_609_174n]);
  });

  it('share a resource whose attributes come in another order', () => {
    const resourceSpans = [
      [text('service.name', 'a'), text('host.name', 'b')],
      [text('host.name', 'b'), text('service.name', 'a')],
    ].map((attributes) => ({ resource: { attributes }, scopeSpans: [{ spans: [goodSpan()] }] }));
    const { rows } = transcodeReference(create(ExportTraceServiceRequestSchema, { resourceSpans }), 0);
    expect(rows.spans).toHaveLength(2);
    expect(rows.resources.size).toBe(1);
  });

  it('have instances that wrap around rather than leave int4', () => {
    const { rows } = transcodeReference(requestOf([goodSpan(), goodSpan()]), 2 ** 31 - 2);
    expect(rows.spans.map(({ span }) => span.instance)).toEqual([2 ** 31 - 1, -(2 ** 31)]);
  });
});

describe('a resource that cannot be stored', () => {
  it('costs its own spans and no others', () => {
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
    const { rows, rejectedSpans, errorMessage } = transcodeReference(request, 0);
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
  it('leaves neither events nor links nor entries of dictionaries', () => {
    const span = goodSpan({ events: [{ name: 'kept?' }], links: [{ spanId: hexBytes('00') }] });
    const { rows, rejectedSpans } = transcodeReference(requestOf([span]), 0);
    expect(rejectedSpans).toBe(1);
    expect(rows).toEqual({
      resources: new Map(),
      scopes: new Map(),
      operations: new Map(),
      spans: [],
    });
  });
});
