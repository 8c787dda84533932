import { describe, expect, it } from 'vitest';
import { readOtlpFile } from './otlp-file.ts';

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

describe('readOtlpFile', () => {
  it('sorts spans by start, whatever their order in the file', () => {
    const file = documentOf([span('2'.repeat(16), '1'.repeat(16), 3, 4), span('1'.repeat(16), '', 1, 9)]);
    const [trace] = readOtlpFile(JSON.stringify(file));
    expect(trace?.waterfall).toEqual({
      traceId: traceId.toLowerCase(),
      startTimeUnixNano: '1700000000000000001',
      eventMarks: { names: [], span: [], timeNs: [], name: [] },
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
    const [trace] = readOtlpFile(JSON.stringify(documentOf([span('1'.repeat(16), '', 1, 2, { attributes })])));
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
    expect(readOtlpFile(`${lines.join('\n')}\n`).map(({ waterfall }) => waterfall.traceId)).toEqual([
      '1'.repeat(32),
      '2'.repeat(32),
    ]);
  });

  it.each([
    ['', 'it is not JSON'],
    ['<html>', 'it is not JSON'],
    ['{}\n{', 'neither the file nor its line 2 is JSON'],
    ['{"data": []}', 'it has no spans; OTLP/JSON must have resourceSpans'],
    ['null', 'it is JSON, but not OTLP/JSON'],
    ['{"resourceSpans": 5}', 'it is JSON, but not OTLP/JSON'],
    [JSON.stringify(documentOf([span('12', '', 1, 2)])), 'spanId must be 16 hex digits, got "12"'],
    [
      JSON.stringify(documentOf([span('1'.repeat(16), '', 1, 2, { startTimeUnixNano: 'soon' })])),
      'it is JSON, but not OTLP/JSON',
    ],
  ])('rejects a file that is not OTLP/JSON: %s', (text, message) => {
    expect(() => readOtlpFile(text)).toThrow(message);
  });
});
