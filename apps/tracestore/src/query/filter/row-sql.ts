import type { Condition, Leaf, OrderedConstant, TextTest } from './condition.js';
import { jsonOf } from './constant.js';
import { spanKinds, statusCodes } from '../span-words.js';
import type { NanoField, OrderedOperator, TextField, WordField } from './filter.js';
import { type DictionaryTable, homeOf, type SearchCondition } from './search-condition.js';
import type { SqlParameters } from './sql-parameters.js';

/*
 * The SQL of a condition, put together here because it has the shape of a tree that a user gave; every value in it is a
 * parameter. Each part is true or false, never NULL, so that `not` turns round what is absent.
 *
 * In it, `s` is the row of the span, `o`, `r` and `c` are rows of operation, resource and scope, `e` and `k` those of an
 * event and a link, and `w` is what the span was looked up by: `w.trace_ids`, `w.start_min` and `w.start_max`. The first
 * two parameters are the range of time in which all of them started.
 */

const dictionaryAliases = { operation: 'o', resource: 'r', scope: 'c' } as const;
const aliases = { ...dictionaryAliases, span: 's', event: 'e', link: 'k' } as const;

/** Whether the row `s` of a span fulfils a condition. */
export function rowSql(condition: SearchCondition, parameters: SqlParameters): string {
  return new RowSql(parameters).sqlOf(condition, undefined);
}

/** Whether the row of a dictionary fulfils a condition, all of which is about it. */
export function dictionarySql(condition: Condition, parameters: SqlParameters): string {
  return new RowSql(parameters).sqlOf(condition, undefined);
}

/** The ids of a dictionary's rows that fulfil a condition. */
export function dictionaryIdsSql(table: DictionaryTable, condition: Condition, parameters: SqlParameters): string {
  const alias = dictionaryAliases[table];
  return `SELECT ${alias}.id FROM tracestore.${table} ${alias} WHERE ${dictionarySql(condition, parameters)}`;
}

class RowSql {
  constructor(private readonly parameters: SqlParameters) {}

  /** @param bound the level of whose row, rather than of any row of the span, leaves are */
  sqlOf(condition: SearchCondition, bound: 'event' | 'link' | undefined): string {
    switch (condition.is) {
      case 'constant':
        return String(condition.value);
      case 'and':
      case 'or': {
        const parts = condition.conditions.map((part) => this.sqlOf(part, bound));
        return `(${parts.join(condition.is === 'and' ? ' AND ' : ' OR ')})`;
      }
      case 'not':
        return `NOT ${this.sqlOf(condition.condition, bound)}`;
      case 'some':
        return this.someSql(condition.level, condition.condition);
      case 'dictionary': {
        const column = `s.${condition.table}_id`;
        const isOne =
          condition.ids === undefined
            ? `${column} IN (${dictionaryIdsSql(condition.table, condition.condition, this.parameters)})`
            : `${column} = ANY (${this.parameters.add(condition.ids, 'int8[]')})`;
        // No index may serve this: the spans are looked up by their traces, of which there are fewer.
        return `(${isOne}) IS TRUE`;
      }
      default: {
        const home = homeOf(condition);
        if ((home === 'event' || home === 'link') && home !== bound) return this.someSql(home, condition);
        return `(${this.leafSql(condition, aliases[home])}) IS TRUE`;
      }
    }
  }

  private someSql(level: 'event' | 'link', condition: SearchCondition): string {
    const alias = aliases[level];
    const inner = this.sqlOf(condition, level);
    if (!isAbout(level, condition)) {
      return `EXISTS (
        SELECT FROM tracestore.${level} ${alias}
        WHERE ${alias}.trace_id = s.trace_id AND ${alias}.span_id = s.span_id AND ${alias}.span_instance = s.instance
          AND ${alias}.span_start_time = s.start_time
          AND ${alias}.span_start_time BETWEEN $1::timestamptz AND $2::timestamptz
          AND ${inner}
      )`;
    }
    // Looked up once for all spans, and not for each.
    return `(s.trace_id, s.span_id, s.instance, s.start_time) IN (
        SELECT ${alias}.trace_id, ${alias}.span_id, ${alias}.span_instance, ${alias}.span_start_time
        FROM tracestore.${level} ${alias}
        WHERE ${alias}.trace_id = ANY (w.trace_ids) AND ${alias}.span_start_time BETWEEN w.start_min AND w.start_max
          AND ${alias}.span_start_time BETWEEN $1::timestamptz AND $2::timestamptz
          AND ${inner}
      )`;
  }

  private leafSql(leaf: Leaf, alias: string): string {
    switch (leaf.is) {
      case 'attribute':
        return this.attributeSql(leaf, alias);
      case 'text':
        return this.textSql(leaf.field, leaf.test, alias);
      case 'word': {
        const places = this.parameters.add(leaf.places, 'int4[]');
        return `${placeSql[leaf.field](alias)} = ANY (${places})`;
      }
      case 'nanos': {
        const operator = leaf.operator === 'eq' ? '=' : operators[leaf.operator];
        const exact = `${nanosSql[leaf.field]} ${operator} ${this.parameters.add(leaf.nanos.toString(), 'numeric')}`;
        return leaf.field === 'span.duration' ? `${this.aboutSql(leaf.operator, leaf.nanos)} AND ${exact}` : exact;
      }
    }
  }

  /** Is so of every span whose duration compares so, and of few others: nanoseconds take long to compute. */
  private aboutSql(operator: OrderedOperator | 'eq', nanos: bigint): string {
    const microseconds = nanos / 1000n;
    if (microseconds < 2n || microseconds > maxMicroseconds) return 'true';
    const compare = (sign: string, than: bigint): string =>
      `s.end_time - s.start_time ${sign} ${this.parameters.add(`${than} microseconds`, 'interval')}`;
    const parts: string[] = [];
    if (operator !== 'lt' && operator !== 'lte') parts.push(compare('>=', microseconds - 1n));
    if (operator !== 'gt' && operator !== 'gte') parts.push(compare('<=', microseconds + 1n));
    return parts.join(' AND ');
  }

  private attributeSql({ key, test }: Leaf & { readonly is: 'attribute' }, alias: string): string {
    const name = this.parameters.text(key);
    const value = `${alias}.attributes -> ${name}`;
    switch (test.is) {
      case 'present':
        return `${alias}.attributes ? ${name}`;
      case 'equal':
        // As text, because jsonb takes 5 and 5.0 for the same.
        return `(${value})::text = (${this.parameters.add(jsonOf(test.value), 'jsonb')})::text`;
      case 'list':
        // As jsonb, in which keys have no order, and 5 and 5.0 are the same.
        return `CASE WHEN jsonb_typeof(${value}) IN ('array', 'object')
          THEN tracestore.plain_value(${value}) = ${this.parameters.add(test.list.json, 'jsonb')} END`;
      case 'matching':
        return `CASE jsonb_typeof(${value}) WHEN 'string' THEN (${value}) #>> '{}' ~ ${this.parameters.text(test.pattern)} END`;
      case 'ordered':
        return this.orderedSql(value, operators[test.operator], test.value);
    }
  }

  private orderedSql(value: string, operator: string, constant: OrderedConstant): string {
    if (constant.type === 'string') {
      const text = this.parameters.text(constant.value);
      return `CASE jsonb_typeof(${value}) WHEN 'string' THEN (${value}) #>> '{}' COLLATE "C" ${operator} ${text} END`;
    }
    if (constant.type === 'int') {
      const number = this.parameters.add(String(constant.value), 'numeric');
      return `CASE jsonb_typeof(${value}) WHEN 'number' THEN
        CASE scale((${value})::numeric) WHEN 0 THEN (${value})::numeric ${operator} ${number} END
      END`;
    }
    const number = this.parameters.add(String(constant.value), 'float8');
    return `CASE jsonb_typeof(${value})
      WHEN 'number' THEN CASE scale((${value})::numeric) WHEN 0 THEN false ELSE (${value})::float8 ${operator} ${number} END
      WHEN 'object' THEN CASE
        WHEN ${value} = ANY ('{"{\\"doubleValue\\":\\"Infinity\\"}","{\\"doubleValue\\":\\"-Infinity\\"}","{\\"doubleValue\\":\\"-0\\"}"}'::jsonb[])
        THEN (${value} ->> 'doubleValue')::float8 ${operator} ${number}
      END
    END`;
  }

  private textSql(field: TextField | WordField, test: TextTest, alias: string): string {
    if (test.is === 'equal') {
      const id = idSql(field, test.text, this.parameters);
      if (id !== undefined) return id;
    }
    const value = textColumns[field](alias);
    switch (test.is) {
      case 'present':
        return `${value} <> ''`;
      case 'equal':
        return `${value} = ${this.parameters.text(test.text)}`;
      case 'ordered':
        return `nullif(${value}, '') COLLATE "C" ${operators[test.operator]} ${this.parameters.text(test.text)}`;
      case 'matching':
        return `nullif(${value}, '') ~ ${this.parameters.text(test.pattern)}`;
    }
  }
}

/** More than any span takes that PostgreSQL holds, and less than an interval can be. */
const maxMicroseconds = 2n ** 53n;

const operators: Readonly<Record<OrderedOperator, string>> = { gt: '>', lt: '<', gte: '>=', lte: '<=' };

const hexOfUuid = (column: string): string => `replace((${column})::text, '-', '')`;
const hexOfNumber = (column: string): string => `lpad(to_hex(${column}), 16, '0')`;

/** The place of a word among those of its field; what OTLP does not know is the first. */
const placeSql: Readonly<Record<WordField, (alias: string) => string>> = {
  'span.kind': (alias) => `CASE WHEN ${alias}.span_kind BETWEEN 1 AND 5 THEN ${alias}.span_kind ELSE 0 END`,
  'span.status': (alias) => `CASE WHEN ${alias}.status_code BETWEEN 1 AND 2 THEN ${alias}.status_code ELSE 0 END`,
};

const wordSql = (words: readonly string[], place: string): string =>
  `(ARRAY[${words.map((word) => `'${word}'`).join(', ')}])[1 + ${place}]`;

const textColumns: Readonly<Record<TextField | WordField, (alias: string) => string>> = {
  'span.kind': (alias) => wordSql(spanKinds, placeSql['span.kind'](alias)),
  'span.status': (alias) => wordSql(statusCodes, placeSql['span.status'](alias)),
  'span.name': (alias) => `${alias}.span_name`,
  'span.trace_id': (alias) => hexOfUuid(`${alias}.trace_id`),
  'span.span_id': (alias) => hexOfNumber(`${alias}.span_id`),
  'span.parent_span_id': (alias) => hexOfNumber(`${alias}.parent_span_id`),
  'span.trace_state': (alias) => `${alias}.trace_state`,
  'span.status_message': (alias) => `${alias}.status_message`,
  'resource.service': (alias) => `${alias}.service_name`,
  'resource.schema_url': (alias) => `${alias}.schema_url`,
  'scope.name': (alias) => `${alias}.name`,
  'scope.version': (alias) => `${alias}.version`,
  'scope.schema_url': (alias) => `${alias}.schema_url`,
  'event.name': (alias) => `${alias}.name`,
  'link.trace_id': (alias) => hexOfUuid(`${alias}.linked_trace_id`),
  'link.span_id': (alias) => hexOfNumber(`${alias}.linked_span_id`),
  'link.trace_state': (alias) => `${alias}.trace_state`,
};

/** The columns of ids, which are compared as what they are, so that their indexes serve. */
const idColumns: Readonly<Partial<Record<TextField | WordField, readonly [string, 'uuid' | 'int8']>>> = {
  'span.trace_id': ['s.trace_id', 'uuid'],
  'span.span_id': ['s.span_id', 'int8'],
  'span.parent_span_id': ['s.parent_span_id', 'int8'],
  'link.trace_id': ['k.linked_trace_id', 'uuid'],
  'link.span_id': ['k.linked_span_id', 'int8'],
};

function idSql(field: TextField | WordField, text: string, parameters: SqlParameters): string | undefined {
  const [column, type] = idColumns[field] ?? [];
  if (column === undefined || type === undefined) return undefined;
  if (!(type === 'uuid' ? /^[\da-f]{32}$/i : /^[\da-f]{16}$/i).test(text)) return 'false';
  const id = type === 'uuid' ? text : BigInt.asIntN(64, BigInt(`0x${text}`)).toString();
  return `${column} = ${parameters.add(id, type)}`;
}

const microseconds = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::int8`;

/** How long the span `s` took, in ns. */
export const durationSql = `greatest((${microseconds('s.end_time')} - ${microseconds('s.start_time')}) * 1000 + s.end_nanos - s.start_nanos, 0)`;

const nanosSql: Readonly<Record<NanoField, string>> = {
  'span.start_time': `${microseconds('s.start_time')} * 1000 + s.start_nanos`,
  'span.end_time': `${microseconds('s.end_time')} * 1000 + s.end_nanos`,
  'span.duration': durationSql,
  'event.time': `${microseconds('e.time')} * 1000 + e.time_nanos`,
  'event.time_since_start': `(${microseconds('e.time')} - ${microseconds('s.start_time')}) * 1000 + e.time_nanos - s.start_nanos`,
};

/** Whether a condition is about the row of an event or link alone, and so can be looked up without its span. */
function isAbout(level: 'event' | 'link', condition: SearchCondition): boolean {
  switch (condition.is) {
    case 'constant':
      return true;
    case 'and':
    case 'or':
      return condition.conditions.every((part) => isAbout(level, part));
    case 'not':
      return isAbout(level, condition.condition);
    case 'some':
    case 'dictionary':
      return false;
    default:
      return homeOf(condition) === level && !(condition.is === 'nanos' && condition.field === 'event.time_since_start');
  }
}
