import { describe, expect, it } from 'vitest';
import { bindQuery, hasParameters, numberParameters, parseQuery } from './query.ts';

const source = String.raw`-- Which names are long?
-- Only some.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?service} \else \set service '' \endif
SELECT name -- of those
FROM ps_trace.span
WHERE start_time > :'from'::timestamptz AND (:'service' = '' OR service_name = :'service');
`;

describe('a query of a dashboard', () => {
  it('is parsed into description, parameters with defaults, and statement', () => {
    const query = parseQuery(source);
    expect(query.description).toBe('Which names are long? Only some.');
    expect(query.parameters).toEqual([
      { name: 'from', defaultValue: 'now-15m' },
      { name: 'service', defaultValue: '' },
    ]);
    expect(numberParameters(query)).toBe(`SELECT name -- of those
FROM ps_trace.span
WHERE start_time > $1::text::timestamptz AND ($2::text = '' OR service_name = $2::text)`);
    expect(hasParameters(source)).toBe(true);
    expect(hasParameters(`SELECT ':{?from}'`)).toBe(false);
  });

  it('binds values as parameters, also those that look like SQL', () => {
    const hostile = `'; DROP TABLE x; -- $1 \\ "`;
    const { text, values } = bindQuery(parseQuery(source), { service: hostile });
    expect(values).toEqual(['now-15m', hostile]);
    expect(text).not.toContain('DROP');
    expect(() => bindQuery(parseQuery(source), { operation: 'x' })).toThrow('the parameter operation is unknown');
  });

  it.each([
    ['SELECT 1;', 'must begin with a comment'],
    ['-- What?\nSELECT 1', 'ends with a semicolon'],
    ['-- What?\nSELECT 1; SELECT 2;', 'one statement'],
    ['-- What?\n\\echo x\nSELECT 1;', 'no psql commands'],
    [`-- What?\nSELECT :'service';`, 'parameter service is not declared'],
    [`-- What?\n\\if :{?to} \\else \\set to 'now' \\endif\nSELECT 1;`, 'parameter to is not used'],
  ])('is rejected if malformed: %j', (text, message) => {
    expect(() => parseQuery(text)).toThrow(message);
  });
});
