import { describe, expect, it } from 'vitest';
import { isNumberType, isTimeType, jsonOf, prettyTextOf, textOf, traceIdOf } from './result-value.ts';

describe('a value of a result', () => {
  it('keeps all digits of an integer, also in JSON', () => {
    expect(jsonOf({ a: [2n ** 63n - 1n, 'x\u0000'], b: 1 })).toBe('{"a":[9223372036854775807,"x\\u0000"],"b":1}');
    expect(textOf(2n ** 63n)).toBe('9223372036854775808');
  });

  it('is written as text, NULL as the empty string', () => {
    expect([textOf(null), textOf(''), textOf(false), textOf(0)]).toEqual(['', '', 'false', '0']);
    expect(prettyTextOf({ a: 1 })).toBe('{\n  "a": 1\n}');
  });

  it.each([
    [
      { name: 'trace_id', type: 'ps_trace.trace_id' },
      'ab000000-0000-0000-0000-00000000000F',
      'ab00000000000000000000000000000f',
    ],
    [{ name: 'trace_id_hex', type: 'text' }, 'ab00000000000000000000000000000f', 'ab00000000000000000000000000000f'],
    [{ name: 'id', type: 'uuid' }, 'ab000000-0000-0000-0000-00000000000f', undefined],
    [{ name: 'trace_id', type: 'text' }, 'javascript:alert(1)', undefined],
  ])('is a trace ID only in a column with that name or type: %j %s', (column, value, traceId) => {
    expect(traceIdOf(column, value)).toBe(traceId);
  });

  it.each([
    ['bigint', true, false],
    ['numeric(10,2)', true, false],
    ['integer[]', false, false],
    ['timestamp with time zone', false, true],
    ['tstzrange', false, false],
  ])('is a number or a time by its type: %s', (type, isNumber, isTime) => {
    expect([isNumberType(type), isTimeType(type)]).toEqual([isNumber, isTime]);
  });
});
