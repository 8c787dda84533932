import { describe, expect, it } from 'vitest';
import { questionOf, statementOf } from './statement.ts';
import { callOf, tracesAddress } from './traces-address.ts';

const query = {
  name: 'calls',
  sql: `SELECT $1::text, 'a $1 that is none' WHERE $2::text = '' OR service_name = $2::text`,
  parameters: [
    { name: 'from', default: 'now-1h' },
    { name: 'service', default: '' },
  ],
};

describe('a statement of a dashboard', () => {
  it('runs by itself, with values in it that stay values', () => {
    expect(statementOf(query, { service: "it's; --\\" }, 'What it is.\nOf what.')).toBe(
      `-- What it is.\n-- Of what.\nSELECT 'now-1h', 'a $1 that is none' WHERE E'it''s; --\\\\' = '' OR service_name = E'it''s; --\\\\'`,
    );
  });

  it('is asked of the API with the values that it has', () => {
    expect(questionOf(query, { service: 'a b&c', operation: 'no' })).toBe('service=a+b%26c');
  });
});

describe('traces that something leads to', () => {
  it('are searched for by what they are of', () => {
    const fromMs = Date.UTC(2026, 2, 29);
    expect(
      tracesAddress({
        service: 'web',
        operation: 'GET /',
        isFailed: true,
        fromMs,
        toMs: fromMs + 60_000,
        leastMs: 0,
        mostMs: 1.5,
      }),
    ).toBe(
      '/search?service=web&operation=GET+%2F&status=error&max=1500us&from=2026-03-29T00%3A00%3A00.000Z&to=2026-03-29T00%3A01%3A00.000Z',
    );
    expect(tracesAddress({ leastMs: 2 }, { kind: 'relative', last: '15m' })).toBe('/search?min=2000us&range=15m');
  });

  it('are those of the call that a series is named by', () => {
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
