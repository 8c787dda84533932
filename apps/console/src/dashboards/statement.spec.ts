import { describe, expect, it } from 'vitest';
import { queryStringOf, statementOf } from './statement.ts';
import { callOf, tracesAddress } from './traces-address.ts';

const query = {
  name: 'calls',
  sql: `SELECT $1::text, 'a $1 in a literal' WHERE $2::text = '' OR service_name = $2::text`,
  parameters: [
    { name: 'from', default: 'now-1h' },
    { name: 'service', default: '' },
  ],
};

describe('the statement of a dashboard query', () => {
  it('contains the values as escaped string literals', () => {
    expect(statementOf(query, { service: "it's; --\\" }, 'First line.\nSecond line.')).toBe(
      `-- First line.\n-- Second line.\nSELECT 'now-1h', 'a $1 in a literal' WHERE E'it''s; --\\\\' = '' OR service_name = E'it''s; --\\\\'`,
    );
  });

  it('is requested from the API with the values of its parameters only', () => {
    expect(queryStringOf(query, { service: 'a b&c', operation: 'no' })).toBe('service=a+b%26c');
  });
});

describe('links to traces', () => {
  it('contain the conditions of the filter', () => {
    const fromMs = Date.UTC(2026, 2, 29);
    expect(
      tracesAddress({
        service: 'web',
        operation: 'GET /',
        isFailed: true,
        fromMs,
        toMs: fromMs + 60_000,
        minMs: 0,
        maxMs: 1.5,
      }),
    ).toBe(
      '/search?service=web&operation=GET+%2F&status=error&max=1500us&duration=span&from=2026-03-29T00%3A00%3A00.000Z&to=2026-03-29T00%3A01%3A00.000Z',
    );
    expect(tracesAddress({ minMs: 2 }, { kind: 'relative', last: '15m' })).toBe(
      '/search?min=2000us&duration=span&range=15m',
    );
  });

  it('use the service and operation in the name of a series', () => {
    const operations = [
      { service: 'web', name: 'GET /' },
      { service: 'web GET', name: '/x' },
    ];
    expect(callOf('web', operations)).toEqual({ service: 'web' });
    expect(callOf('web GET /', operations)).toEqual({ service: 'web', operation: 'GET /' });
    expect(callOf('web GET /x', operations)).toEqual({ service: 'web GET', operation: '/x' });
    expect(callOf('others', operations)).toEqual({});
  });
});
