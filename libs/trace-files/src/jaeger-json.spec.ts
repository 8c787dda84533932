import { describe, expect, it } from 'vitest';
import { otlpOfJaeger } from './jaeger-json.ts';
import { parseJson } from './parse-json.ts';

describe('otlpOfJaeger', () => {
  it.each([
    ['string', '"5"', { stringValue: '5' }],
    ['int64', '5', { intValue: '5' }],
    ['int64', '"5"', { intValue: '5' }],
    ['int64', '9007199254740993', { intValue: '9007199254740993' }],
    ['float64', '5', { doubleValue: 5 }],
    ['float64', '0.5', { doubleValue: 0.5 }],
    ['bool', 'true', { boolValue: true }],
    ['bool', '"false"', { boolValue: false }],
    ['binary', '"AA=="', { bytesValue: 'AA==' }],
    ['string', 'null', {}],
  ])('keeps the type of a tag: %s %s', (type, value, expected) => {
    const text = `{"traceID":"a","spans":[{"spanID":"b","tags":[{"key":"k","type":"${type}","value":${value}}]}]}`;
    const [resourceSpans] = otlpOfJaeger(parseJson(text) as Parameters<typeof otlpOfJaeger>[0]);
    expect(resourceSpans?.scopeSpans?.[0]?.spans?.[0]?.attributes).toEqual([{ key: 'k', value: expected }]);
  });

  it('groups spans by process and scope', () => {
    const tags = [{ key: 'otel.scope.name', value: 'http' }];
    const [cart, stock] = otlpOfJaeger({
      traceID: 'a',
      spans: [
        { spanID: '1', processID: 'p1', tags },
        { spanID: '2', processID: 'p2' },
        { spanID: '3', processID: 'p1', tags },
        { spanID: '4', processID: 'p1' },
      ],
      processes: { p1: { serviceName: 'cart' }, p2: { serviceName: '' } },
    });
    expect(cart?.resource?.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'cart' } }]);
    expect(cart?.scopeSpans?.map(({ scope, spans }) => [scope?.name, spans?.map(({ spanId }) => spanId)])).toEqual([
      ['http', ['0000000000000001', '0000000000000003']],
      ['', ['0000000000000004']],
    ]);
    expect(stock?.resource?.attributes).toEqual([]);
  });
});
