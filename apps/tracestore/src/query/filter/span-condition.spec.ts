import { describe, expect, it } from 'vitest';
import { type Fragment, Parameter, readSql } from '../../sql.js';
import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from './filter.js';
import { conditionOf } from './read-filter.js';
import { spanCondition } from './span-condition.js';

const statement = readSql<{ readonly statement: Fragment }>(
  import.meta.url,
  '../../console/sql/wrap-statement-without-columns.sql',
);

const range = { start_min: new Parameter('min'), start_max: new Parameter('max') };

/** A condition as it is sent, on one line. */
function sent(filter: Filter): { readonly text: string; readonly values: readonly unknown[] } {
  const { text, values } = statement.bind({ statement: spanCondition(conditionOf(filter), range) });
  const inner = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
  return {
    text: inner
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\( | \)/g, (space) => space.trim())
      .trim(),
    values,
  };
}

const text = (value: string) => ({ type: 'string', value }) as const;
const onSpan = { attribute: 'a', levels: ['span'] } as const;

describe('spanCondition', () => {
  it.each<[string, Filter, string, readonly unknown[]]>([
    ['true', allOf(), 'true', []],
    ['a text of the span', fieldIs('span.trace_state', 'x'), '(s.trace_state = $1::text) IS TRUE', ['x']],
    [
      'an attribute',
      attributeIs('a', text('b'), ['span']),
      '((s.attributes -> $1::text)::text = ($2::jsonb)::text) IS TRUE',
      ['a', '"b"'],
    ],
    ['a key', { op: 'exists', reference: onSpan }, '(s.attributes ? $1::text) IS TRUE', ['a']],
    [
      'a negation',
      { op: 'not', filter: { op: 'exists', reference: onSpan } },
      'NOT (s.attributes ? $1::text) IS TRUE',
      ['a'],
    ],
    [
      'the id of a trace',
      fieldIs('span.trace_id', 'AB'.repeat(16)),
      '(s.trace_id = $1::uuid) IS TRUE',
      ['AB'.repeat(16)],
    ],
    ['the id of a span', fieldIs('span.span_id', 'f'.repeat(16)), '(s.span_id = $1::int8) IS TRUE', ['-1']],
    ['an invalid id', fieldIs('span.span_id', 'x'), '(false) IS TRUE', []],
    [
      'a status',
      fieldIs('span.status', 'error'),
      '(CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END = ANY ($1::int4[])) IS TRUE',
      [[2]],
    ],
    [
      'the name of a status',
      { op: 'regex', reference: { field: 'span.status' }, pattern: 'e' },
      "(nullif(($1::text[])[1 + CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END], '') ~ $2::text) IS TRUE",
      [['unset', 'ok', 'error'], '***:(?:e)'],
    ],
    [
      'the start',
      fieldCompares('span.start_time', 'lt', 5n),
      '((extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos < $1::numeric) IS TRUE',
      ['5'],
    ],
    [
      'a dictionary',
      fieldIs('resource.service', 'cart'),
      '(s.operation_id IN (SELECT o.id FROM tracestore.operation o WHERE o.service_name = $1::text)) IS TRUE',
      ['cart'],
    ],
    [
      'a negated dictionary',
      { op: 'not', filter: fieldIs('resource.service', 'cart') },
      '(s.operation_id IN (SELECT o.id FROM tracestore.operation o WHERE NOT (o.service_name = $1::text) IS TRUE)) IS TRUE',
      ['cart'],
    ],
  ])('writes %s', (_, filter, expected, values) => {
    expect(sent(filter)).toEqual({ text: expected, values });
  });

  it('looks events up by the traces of a search when the test needs no span', () => {
    const { text: sql, values } = sent(fieldIs('event.name', 'exception'));
    expect(sql).toContain('FROM unnest(w.trace_ids) AS known (trace_id) CROSS JOIN LATERAL (SELECT e.trace_id');
    expect(sql).toContain('BETWEEN $1::timestamptz AND $2::timestamptz AND (e.name = $3::text) IS TRUE OFFSET 0)');
    expect(values).toEqual(['min', 'max', 'exception']);
  });

  it('reads events once for all alternatives about them, but not for conditions that must all hold', () => {
    const about = (name: string): Filter => fieldIs('event.name', name);
    const reads = (filter: Filter): number => sent(filter).text.split('FROM tracestore.event ').length - 1;
    expect(reads({ op: 'contains', text: 'x' })).toBe(1);
    expect(reads({ op: 'or', filters: [about('a'), about('b'), fieldIs('span.trace_state', 'x')] })).toBe(1);
    expect(reads(allOf(about('a'), about('b')))).toBe(2);
  });

  it('looks events up by their span when the test needs the span', () => {
    const filter = { op: 'some', level: 'event', filter: fieldCompares('event.time_since_start', 'gt', 1n) } as const;
    expect(sent(filter).text).toContain('EXISTS (SELECT FROM tracestore.event e WHERE e.trace_id = s.trace_id');
  });

  it('removes U+0000 from texts, which PostgreSQL cannot hold', () => {
    expect(sent(attributeIs('a\0', text('b'), ['span'])).values[0]).not.toContain('\0');
  });
});
