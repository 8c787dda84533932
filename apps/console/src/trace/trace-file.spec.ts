import { describe, expect, it } from 'vitest';
import { readTraceFile } from './trace-file.ts';

const traceId = 'AB'.repeat(16);
const span = (spanId: string, parentSpanId: string, start: number, end: number, more = {}) => ({
  traceId,
  spanId,
  parentSpanId,
  name: 'work',
  kind: 2,
  startTimeUnixNano: `170000000000000000${start}`,
  endTimeUnixNano: `170000000000000000${end}`,
  ...more,
});
const documentOf = (spans: readonly object[]) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [{ scope: { name: 'scope', version: '1' }, spans }],
    },
  ],
});

describe('readTraceFile with OTLP/JSON', () => {
  it('sorts spans by start, whatever their order in the file', () => {
    const file = documentOf([span('2'.repeat(16), '1'.repeat(16), 3, 4), span('1'.repeat(16), '', 1, 9)]);
    const [trace] = readTraceFile(JSON.stringify(file));
    expect(trace?.waterfall).toEqual({
      traceId: traceId.toLowerCase(),
      startTimeUnixNano: '1700000000000000001',
      durationNs: 8,
      operations: [['shop', 'work', 2]],
      spans: {
        id: ['1'.repeat(16), '2'.repeat(16)],
        parentId: [null, '1'.repeat(16)],
        operation: [0, 0],
        startNs: [0, 2],
        durationNs: [8, 1],
        status: [0, 0],
        events: [0, 0],
      },
      eventMarks: { names: [], span: [], timeNs: [], name: [] },
    });
    expect(trace?.spans[1]).toMatchObject({ service: 'shop', scope: { name: 'scope', version: '1' } });
  });

  it('reads attribute values of every type', () => {
    const attributes = [
      { key: 'text', value: { stringValue: 'x' } },
      { key: 'int', value: { intValue: '5' } },
      { key: 'large', value: { intValue: '9007199254740993' } },
      { key: 'double', value: { doubleValue: 0.5 } },
      { key: 'not', value: { boolValue: false } },
      { key: 'bytes', value: { bytesValue: 'AA==' } },
      { key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, {}] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'a', value: { stringValue: 'b' } }] } } },
      { key: '__proto__', value: { stringValue: 'a key like others' } },
    ];
    const [trace] = readTraceFile(JSON.stringify(documentOf([span('1'.repeat(16), '', 1, 2, { attributes })])));
    expect(Object.entries(trace?.spans[0]?.attributes ?? {})).toEqual([
      ['text', 'x'],
      ['int', 5],
      ['large', 9_007_199_254_740_993n],
      ['double', 0.5],
      ['not', false],
      ['bytes', { bytesValue: 'AA==' }],
      ['list', [1, null]],
      ['map', { a: 'b' }],
      ['__proto__', 'a key like others'],
    ]);
  });

  it('reads several traces from a file with one document per line', () => {
    const lines = ['1', '2'].map((digit) =>
      JSON.stringify(documentOf([span(digit.repeat(16), '', 1, 2, { traceId: digit.repeat(32) })])),
    );
    expect(readTraceFile(`${lines.join('\n')}\n`).map(({ waterfall }) => waterfall.traceId)).toEqual([
      '1'.repeat(32),
      '2'.repeat(32),
    ]);
  });

  it.each([
    ['', 'it is not JSON'],
    ['<html>', 'it is not JSON'],
    ['{}\n{', 'neither the file nor its line 2 is JSON'],
    ['{}', 'it has no spans'],
    ['{"data": []}', 'it has no spans'],
    ['[]', 'it has no spans'],
    ['null', 'it is JSON, but not OTLP/JSON (resourceSpans), Jaeger JSON'],
    ['[1]', 'it is JSON, but not OTLP/JSON (resourceSpans), Jaeger JSON'],
    ['{"name": "spandrel", "version": "1"}', 'it is JSON, but not OTLP/JSON (resourceSpans), Jaeger JSON'],
    ['{"resourceSpans": 5}', 'it is JSON, but not OTLP/JSON'],
    [
      '{"data": null, "errors": [{"code": 404, "msg": "trace not found"}]}',
      'an error of Jaeger instead of traces: trace not found',
    ],
    [`[{"traceId": "1", "id": "2", "binaryAnnotations": []}]`, 'it has Zipkin JSON of version 1'],
    [`[{"traceId": "x", "id": "2"}]`, 'traceId must be 32 hex digits'],
    [JSON.stringify({ data: [{ traceID: '1', spans: [{ spanID: '' }] }] }), 'spanID must be 16 hex digits, got ""'],
    [JSON.stringify({ data: [{ traceID: '1', spans: [{ spanID: '1', startTime: 'soon' }] }] }), 'it is JSON, but not'],
    [JSON.stringify(documentOf([span('12', '', 1, 2)])), 'spanId must be 16 hex digits, got "12"'],
    [
      JSON.stringify(documentOf([span('1'.repeat(16), '', 1, 2, { startTimeUnixNano: 'soon' })])),
      'it is JSON, but not OTLP/JSON',
    ],
  ])('rejects a file without traces: %s', (text, message) => {
    expect(() => readTraceFile(text)).toThrow(message);
  });
});

describe('readTraceFile with Jaeger JSON', () => {
  const trace = {
    traceID: 'ab',
    spans: [
      {
        traceID: 'ab',
        spanID: '1',
        operationName: 'GET /cart',
        references: [],
        startTime: 1_700_000_000_000_001,
        duration: 2_500,
        tags: [
          { key: 'span.kind', type: 'string', value: 'server' },
          { key: 'otel.scope.name', type: 'string', value: 'http' },
          { key: 'error', type: 'bool', value: true },
          { key: 'otel.status_description', type: 'string', value: 'no stock' },
          { key: 'big', type: 'int64', value: '9007199254740993' },
          { key: 'ratio', type: 'float64', value: 0.5 },
          { key: 'raw', type: 'binary', value: 'AA==' },
          { key: '__proto__', type: 'string', value: 'a key like others' },
        ],
        logs: [
          {
            timestamp: 1_700_000_000_000_500,
            fields: [
              { key: 'event', type: 'string', value: 'exception' },
              { key: 'exception.type', type: 'string', value: 'Error' },
            ],
          },
        ],
        processID: 'p1',
        warnings: null,
      },
      {
        traceID: 'ab',
        spanID: '2',
        operationName: 'SELECT',
        references: [
          { refType: 'FOLLOWS_FROM', traceID: 'cd', spanID: '9' },
          { refType: 'CHILD_OF', traceID: 'ab', spanID: '1' },
          { refType: 'CHILD_OF', traceID: 'ab', spanID: '7' },
        ],
        startTime: 1_700_000_000_000_001.5,
        duration: 1,
        tags: null,
        logs: null,
        processID: 'p2',
      },
    ],
    processes: {
      p1: { serviceName: 'cart', tags: [{ key: 'host.name', type: 'string', value: 'a' }] },
      p2: { serviceName: '', tags: [] },
    },
  };

  it.each([
    ['a response of the API', { data: [trace], total: 0, errors: null }],
    ['a trace', trace],
    ['a list of traces', [trace]],
  ])('reads %s', (_, file) => {
    const [read] = readTraceFile(JSON.stringify(file));
    expect(read?.waterfall).toMatchObject({
      traceId: 'ab'.padStart(32, '0'),
      startTimeUnixNano: '1700000000000001000',
      durationNs: 2_500_000,
      operations: [
        ['cart', 'GET /cart', 2],
        ['unknown_service', 'SELECT', 0],
      ],
      spans: { parentId: [null, '1'.padStart(16, '0')], startNs: [0, 500], durationNs: [2_500_000, 1_000] },
    });
    expect(read?.spans[0]).toMatchObject({
      status: { code: 2, message: 'no stock' },
      scope: { name: 'http' },
      resource: { attributes: { 'service.name': 'cart', 'host.name': 'a' } },
      events: [{ timeUnixNano: '1700000000000500000', name: 'exception', attributes: { 'exception.type': 'Error' } }],
    });
    expect(Object.entries(read?.spans[0]?.attributes ?? {})).toEqual([
      ['big', 9_007_199_254_740_993n],
      ['ratio', 0.5],
      ['raw', { bytesValue: 'AA==' }],
      ['__proto__', 'a key like others'],
    ]);
    expect(read?.spans[1]?.links).toMatchObject([
      { traceId: 'cd'.padStart(32, '0'), spanId: '9'.padStart(16, '0'), attributes: {} },
      { spanId: '7'.padStart(16, '0'), attributes: { 'opentracing.ref_type': 'child_of' } },
    ]);
  });

  it('takes a reference FOLLOWS_FROM to the same trace as the parent if there is no other, and as a link', () => {
    const references = [{ refType: 'FOLLOWS_FROM', traceID: 'ab', spanID: '1' }];
    const file = { ...trace, spans: [trace.spans[0], { ...trace.spans[1], references }] };
    const [read] = readTraceFile(JSON.stringify(file));
    expect(read?.spans[1]?.parentSpanId).toBe('1'.padStart(16, '0'));
    expect(read?.spans[1]?.links).toHaveLength(1);
  });

  it('reads several traces, and the parent of old versions', () => {
    const old = {
      traceID: '5',
      spans: [
        {
          spanID: '6',
          parentSpanID: '7',
          operationName: 'x',
          startTime: 1,
          duration: 1,
          process: { serviceName: 's' },
        },
      ],
    };
    const read = readTraceFile(JSON.stringify({ data: [trace, old] }));
    expect(read.map(({ spans }) => spans.length)).toEqual([2, 1]);
    expect(read[1]?.spans[0]).toMatchObject({ service: 's', parentSpanId: '7'.padStart(16, '0') });
  });
});

describe('readTraceFile with Zipkin JSON', () => {
  const client = {
    traceId: 'ab',
    id: '1',
    name: 'get',
    kind: 'CLIENT',
    timestamp: 1_700_000_000_000_001,
    duration: 2_500,
    localEndpoint: { serviceName: 'cart', ipv4: '10.0.0.1' },
    remoteEndpoint: { serviceName: 'stock', port: 80 },
    annotations: [{ timestamp: 1_700_000_000_000_100, value: 'sent' }],
    tags: { 'http.path': '/x', error: 'timeout' },
  };

  it('reads spans with their endpoints, annotations and tags', () => {
    const [read] = readTraceFile(JSON.stringify([client]));
    expect(read?.spans[0]).toMatchObject({
      traceId: 'ab'.padStart(32, '0'),
      service: 'cart',
      kind: 3,
      startTimeUnixNano: '1700000000000001000',
      endTimeUnixNano: '1700000000002501000',
      status: { code: 2, message: 'timeout' },
      attributes: { 'http.path': '/x', 'peer.service': 'stock', 'net.peer.port': 80 },
      events: [{ timeUnixNano: '1700000000000100000', name: 'sent' }],
      resource: { attributes: { 'service.name': 'cart', 'net.host.ip': '10.0.0.1' } },
    });
  });

  it('makes parent and child of the halves of a shared span, and keeps the children of the server with it', () => {
    const server = {
      ...client,
      kind: 'SERVER',
      shared: true,
      localEndpoint: { serviceName: 'stock' },
      tags: {},
    };
    const below = { ...client, id: '3', parentId: '1', localEndpoint: { serviceName: 'stock' } };
    const [read] = readTraceFile(JSON.stringify([[client, server, below]]));
    const parents = new Map(
      read?.spans.map(({ kind, spanId, service, parentSpanId }) => [`${service} ${kind} ${spanId}`, parentSpanId]),
    );
    expect(parents).toEqual(
      new Map([
        ['cart 3 0000000000000001', null],
        ['stock 2 8000000000000001', '0000000000000001'],
        ['stock 3 0000000000000003', '8000000000000001'],
      ]),
    );
  });
});
