import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { AnyValueSchema, KeyValueSchema } from '../src/gen/opentelemetry/proto/common/v1/common_pb.js';
import { Span_SpanKind, type SpanSchema, Status_StatusCode } from '../src/gen/opentelemetry/proto/trace/v1/trace_pb.js';

export type SpanInit = MessageInitShape<typeof SpanSchema>;
type Value = MessageInitShape<typeof AnyValueSchema>['value'];
type Attribute = MessageInitShape<typeof KeyValueSchema>;

export function attribute(key: string, value: Value): Attribute {
  return { key, value: { value } as MessageInitShape<typeof AnyValueSchema> };
}

export function text(key: string, value: string): Attribute {
  return attribute(key, { case: 'stringValue', value });
}

export function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** @returns a request of one service with these spans */
export function requestOf(spans: readonly SpanInit[], service = 'shop'): ExportTraceServiceRequest {
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [{ resource: { attributes: [text('service.name', service)] }, scopeSpans: [{ spans: [...spans] }] }],
  });
}

let spansMade = 0;

/** @returns a valid span with a new id */
export function goodSpan(over: SpanInit = {}): SpanInit {
  spansMade += 1;
  return {
    traceId: hexBytes('0af7651916cd43dd8448eb211c80319c'),
    spanId: hexBytes(spansMade.toString(16).padStart(16, '0')),
    name: `span ${spansMade}`,
    kind: Span_SpanKind.SERVER,
    startTimeUnixNano: 1_700_000_000_000_000_000n,
    endTimeUnixNano: 1_700_000_000_001_000_000n,
    ...over,
  };
}

const everyValue: readonly Attribute[] = [
  text('string', 'Straße \u{1F600} "quoted" \\ back\tslash\n\r\u0001\u2028'),
  text('string.empty', ''),
  attribute('bool.true', { case: 'boolValue', value: true }),
  attribute('bool.false', { case: 'boolValue', value: false }),
  attribute('int', { case: 'intValue', value: 5n }),
  attribute('int.least', { case: 'intValue', value: -(2n ** 63n) }),
  attribute('int.greatest', { case: 'intValue', value: 2n ** 63n - 1n }),
  attribute('double', { case: 'doubleValue', value: 5 }),
  attribute('double.tenth', { case: 'doubleValue', value: 0.1 }),
  attribute('double.least', { case: 'doubleValue', value: 5e-324 }),
  attribute('double.greatest', { case: 'doubleValue', value: -Number.MAX_VALUE }),
  attribute('double.minus.zero', { case: 'doubleValue', value: -0 }),
  attribute('double.nan', { case: 'doubleValue', value: NaN }),
  attribute('double.infinity', { case: 'doubleValue', value: Infinity }),
  attribute('double.minus.infinity', { case: 'doubleValue', value: -Infinity }),
  attribute('bytes', { case: 'bytesValue', value: hexBytes('00ff10') }),
  attribute('bytes.empty', { case: 'bytesValue', value: hexBytes('') }),
  { key: 'empty', value: {} },
  attribute('array', {
    case: 'arrayValue',
    value: {
      values: [
        { value: { case: 'intValue', value: 1n } },
        { value: { case: 'doubleValue', value: 1 } },
        {},
        { value: { case: 'arrayValue', value: {} } },
        { value: { case: 'bytesValue', value: hexBytes('01') } },
      ],
    },
  }),
  attribute('kvlist', {
    case: 'kvlistValue',
    value: { values: [text('b', '2'), text('a', '1'), attribute('inner', { case: 'kvlistValue', value: {} })] },
  }),
  ...['bytesValue', 'doubleValue', 'kvlistValue'].map((key) =>
    attribute(`kvlist.${key}`, { case: 'kvlistValue', value: { values: [text(key, 'AA==')] } }),
  ),
  attribute('kvlist.kvlistValue.kvlist', {
    case: 'kvlistValue',
    value: { values: [attribute('kvlistValue', { case: 'kvlistValue', value: { values: [text('x', 'y')] } })] },
  }),
  text('', 'the empty key'),
  text('__proto__', 'a key that JavaScript minds'),
];

/** @returns a request with every field of OTLP traces at a value other than its default, and with nearly empty spans */
export function fullRequest(): ExportTraceServiceRequest {
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [
      {
        schemaUrl: 'https://opentelemetry.io/schemas/1.26.0',
        resource: {
          attributes: [text('service.name', 'shop'), ...everyValue],
          droppedAttributesCount: 11,
          entityRefs: [
            {
              schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
              type: 'service',
              idKeys: ['service.name'],
              descriptionKeys: ['string', 'int'],
            },
          ],
        },
        scopeSpans: [
          {
            schemaUrl: 'https://opentelemetry.io/schemas/1.27.0',
            scope: { name: 'checkout', version: '1.2.3', attributes: [...everyValue], droppedAttributesCount: 12 },
            spans: [
              {
                traceId: hexBytes('ffeeddccbbaa99887766554433221100'),
                spanId: hexBytes('fedcba9876543210'),
                traceState: 'vendor=1,other=2',
                parentSpanId: hexBytes('8000000000000001'),
                flags: 0xffff_ffff,
                name: 'POST /orders',
                kind: Span_SpanKind.PRODUCER,
                startTimeUnixNano: 1_700_000_000_123_456_789n,
                endTimeUnixNano: 1_700_000_001_987_654_321n,
                attributes: [...everyValue],
                droppedAttributesCount: 13,
                events: [
                  {
                    timeUnixNano: 1_700_000_000_500_000_001n,
                    name: 'exception',
                    attributes: [...everyValue],
                    droppedAttributesCount: 14,
                  },
                  { timeUnixNano: 1_700_000_000_400_000_999n, name: 'earlier, but second' },
                ],
                droppedEventsCount: 15,
                links: [
                  {
                    traceId: hexBytes('00112233445566778899aabbccddeeff'),
                    spanId: hexBytes('0123456789abcdef'),
                    traceState: 'linked=1',
                    attributes: [...everyValue],
                    droppedAttributesCount: 16,
                    flags: 0x8000_0301,
                  },
                  {},
                ],
                droppedLinksCount: 17,
                status: { code: Status_StatusCode.ERROR, message: 'out of stock' },
              },
              {
                traceId: hexBytes('ffeeddccbbaa99887766554433221100'),
                spanId: hexBytes('0000000000000001'),
                name: 'bare',
                startTimeUnixNano: 1n,
              },
            ],
          },
        ],
      },
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: hexBytes('ffeeddccbbaa99887766554433221100'),
                spanId: hexBytes('02'.repeat(8)),
                startTimeUnixNano: 2n,
              },
            ],
          },
        ],
      },
    ],
  });
}
