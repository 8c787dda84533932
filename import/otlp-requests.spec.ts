import { describe, expect, it } from 'vitest';
import { type FlatSpan, flatSpansOf, inCanonicalOrder, requestsOf } from './otlp-requests.ts';

const flat = (spanId: string, startTimeUnixNano: string, service = 'shop', more = {}): FlatSpan => ({
  resource: { resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] } },
  scope: { scope: { name: 'http' } },
  span: { traceId: 'a', spanId, startTimeUnixNano, ...more },
});
const textOf = (spans: readonly FlatSpan[]): string =>
  [...requestsOf(inCanonicalOrder(spans))].map(({ body }) => body).join('\n');

describe('requestsOf', () => {
  it('makes the same request of the same spans in any order and grouping', () => {
    const spans = [flat('1', '10'), flat('2', '9', 'cart'), flat('3', '10'), flat('3', '10', 'cart')];
    const expected = textOf(spans);
    expect(textOf(spans.toReversed())).toBe(expected);
    expect(textOf([...flatSpansOf((JSON.parse(expected) as { resourceSpans: [] }).resourceSpans)])).toBe(expected);
  });

  it('keeps resource, scope and spans, and writes integers that JavaScript would round', () => {
    const value = { intValue: 9_007_199_254_740_993n };
    const [request] = requestsOf([flat('1', '10', 'shop', { attributes: [{ key: 'n', value }] })]);
    expect(JSON.parse(String(request?.body))).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [
            {
              scope: { name: 'http' },
              spans: [
                {
                  traceId: 'a',
                  spanId: '1',
                  startTimeUnixNano: '10',
                  attributes: [{ key: 'n', value: { intValue: '9007199254740993' } }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('divides spans by number and by bytes', () => {
    const many = Array.from({ length: 4_001 }, (_, n) => flat(String(n), '1'));
    expect([...requestsOf(many)].map(({ spans }) => spans)).toEqual([2_000, 2_000, 1]);
    const large = Array.from({ length: 5 }, (_, n) => flat(String(n), '1', 'shop', { name: 'x'.repeat(2_000_000) }));
    expect([...requestsOf(large)].map(({ spans }) => spans)).toEqual([2, 2, 1]);
  });
});
