import { storableText } from '../../storage/attribute-json.js';
import {
  allOf,
  anyOf,
  constant,
  type Fragment,
  type NoArguments,
  not,
  type Parameter,
  readFragments,
  type SqlTemplate,
} from '../../sql.js';
import { spanKinds, statusCodes } from '../span-enums.js';
import {
  type Condition,
  type DictionaryTable,
  type Leaf,
  type OrderedConstant,
  orOf,
  tableOf,
  type TextTest,
} from './condition.js';
import { jsonOf } from './constant.js';
import {
  type EnumField,
  enumFields,
  type Field,
  type Level,
  levels,
  type OrderedOperator,
  orderedOperators,
  type TextField,
  textFields,
  timeFields,
} from './filter.js';

/*
 * A condition as SQL about the row `s` of a span: see the comments of the `.sql` files for the other rows. What NOT negates is
 * true or false, never NULL, so that NOT includes the rows that lack a value.
 */

interface Names {
  readonly condition: Fragment;
  readonly attributes: Fragment;
  readonly expression: Fragment;
  readonly column: Fragment;
  readonly operator: Fragment;
  readonly ids: Fragment;
  readonly key: string;
  readonly json: string;
  readonly text: string;
  readonly pattern: string;
  readonly like: string;
  readonly number: string;
  readonly numbers: readonly number[];
  readonly names: readonly string[];
  readonly id: string;
  readonly interval: string;
  readonly known_ids: readonly string[];
  readonly start_min: Parameter;
  readonly start_max: Parameter;
}

type IdField = 'span.trace_id' | 'span.span_id' | 'span.parent_span_id' | 'link.trace_id' | 'link.span_id';

/** The columns of ids, with their types. */
const idTypes: Readonly<Partial<Record<Field, 'uuid' | 'int8'>> & Record<IdField, 'uuid' | 'int8'>> = {
  'span.trace_id': 'uuid',
  'span.span_id': 'int8',
  'span.parent_span_id': 'int8',
  'link.trace_id': 'uuid',
  'link.span_id': 'int8',
};
const idFields = Object.keys(idTypes) as IdField[];

const fields = readFragments<Record<Field | `${Level}.attributes`, NoArguments>>(import.meta.url, 'fields.sql', [
  ...levels.map((level) => `${level}.attributes` as const),
  ...textFields,
  ...enumFields,
  ...timeFields,
]);
const idColumns = readFragments<Record<IdField, NoArguments>>(import.meta.url, 'id-columns.sql', idFields);
const operators = readFragments<Record<OrderedOperator | 'eq', NoArguments>>(import.meta.url, 'operators.sql', [
  ...orderedOperators,
  'eq',
]);

const tests = readFragments<{
  readonly is_true: Pick<Names, 'condition'>;
  readonly attribute_exists: Pick<Names, 'attributes' | 'key'>;
  readonly attribute_equals: Pick<Names, 'attributes' | 'key' | 'json'>;
  readonly attribute_equals_list: Pick<Names, 'attributes' | 'key' | 'json'>;
  readonly attribute_matches: Pick<Names, 'attributes' | 'key' | 'pattern'>;
  readonly attribute_compares_text: Pick<Names, 'attributes' | 'key' | 'operator' | 'text'>;
  readonly attribute_compares_int: Pick<Names, 'attributes' | 'key' | 'operator' | 'number'>;
  readonly attribute_compares_double: Pick<Names, 'attributes' | 'key' | 'operator' | 'number'>;
  readonly text_exists: Pick<Names, 'expression'>;
  readonly text_equals: Pick<Names, 'expression' | 'text'>;
  readonly text_compares: Pick<Names, 'expression' | 'operator' | 'text'>;
  readonly text_matches: Pick<Names, 'expression' | 'pattern'>;
  readonly text_contains: Pick<Names, 'expression' | 'like'>;
  readonly values_contain: Pick<Names, 'attributes' | 'like'>;
  readonly json_and_values_contain: Pick<Names, 'attributes' | 'like'>;
  readonly uuid_equals: Pick<Names, 'column' | 'id'>;
  readonly int8_equals: Pick<Names, 'column' | 'id'>;
  readonly enum_is_one_of: Pick<Names, 'expression' | 'numbers'>;
  readonly enum_name: Pick<Names, 'expression' | 'names'>;
  readonly time_compares: Pick<Names, 'expression' | 'operator' | 'number'>;
  readonly duration_at_least: Pick<Names, 'interval'>;
  readonly duration_at_most: Pick<Names, 'interval'>;
}>(import.meta.url, 'span-tests.sql', [
  'is_true',
  'attribute_exists',
  'attribute_equals',
  'attribute_equals_list',
  'attribute_matches',
  'attribute_compares_text',
  'attribute_compares_int',
  'attribute_compares_double',
  'text_exists',
  'text_equals',
  'text_compares',
  'text_matches',
  'text_contains',
  'values_contain',
  'json_and_values_contain',
  'uuid_equals',
  'int8_equals',
  'enum_is_one_of',
  'enum_name',
  'time_compares',
  'duration_at_least',
  'duration_at_most',
]);

type InRange = Pick<Names, 'condition' | 'start_min' | 'start_max'>;

const related = readFragments<
  Record<`${DictionaryTable}_ids`, Pick<Names, 'condition'>> &
    Record<`has_${DictionaryTable}`, Pick<Names, 'ids'>> &
    Record<`has_known_${DictionaryTable}`, Pick<Names, 'known_ids'>> &
    Record<`has_${'event' | 'link'}` | `has_${'event' | 'link'}_of_span`, InRange>
>(import.meta.url, 'related-rows.sql', [
  ...(['operation', 'resource', 'scope'] as const).flatMap(
    (table) => [`${table}_ids`, `has_${table}`, `has_known_${table}`] as const,
  ),
  ...(['event', 'link'] as const).flatMap((table) => [`has_${table}`, `has_${table}_of_span`] as const),
]);

const callers = readFragments<{
  readonly has_caller: { readonly service: string };
  readonly has_caller_operation: { readonly service: string; readonly operation: string };
}>(import.meta.url, 'caller.sql', ['has_caller', 'has_caller_operation']);

/** How long the span `s` took, in ns. */
export const spanDuration: SqlTemplate = fields['span.duration'];

/** When the span `s` started and ended, in ns since 1970. */
export const spanStart: SqlTemplate = fields['span.start_time'];
export const spanEnd: SqlTemplate = fields['span.end_time'];

/** When the event `e` was, in ns since 1970. */
export const eventTime: SqlTemplate = fields['event.time'];

/** The range of time in which the spans of a search start: values of the statement that has the condition. */
export type SpanRange = Pick<Names, 'start_min' | 'start_max'>;

/** Write whether the span `s` passes a condition. */
export function spanCondition(condition: Condition, range: SpanRange): Fragment {
  return new ConditionWriter(range).sqlOf(condition, undefined);
}

/** Write the query of the ids of a dictionary's rows that pass a condition about this dictionary. */
export function dictionaryIds(table: DictionaryTable, condition: Condition): Fragment {
  return related[`${table}_ids`].fragment({ condition: new ConditionWriter(undefined).sqlOf(condition, undefined) });
}

class ConditionWriter {
  /**
   * @param range undefined for conditions of dictionaries, which have no events and links. There a comparison may be NULL, which
   * WHERE takes for false, so that an index can find the rows.
   */
  constructor(private readonly range: SpanRange | undefined) {}

  /** @param bound the level whose row leaves test, where `some` has chosen one */
  sqlOf(condition: Condition, bound: 'event' | 'link' | undefined): Fragment {
    switch (condition.is) {
      case 'constant':
        return constant(condition.value);
      case 'and':
        return allOf(condition.conditions.map((part) => this.sqlOf(part, bound)));
      case 'or':
        return anyOf(
          (bound === undefined ? alternativesOf(condition.conditions) : condition.conditions).map((part) =>
            this.sqlOf(part, bound),
          ),
        );
      case 'not': {
        const inner = this.sqlOf(condition.condition, bound);
        return not(this.range === undefined ? isTrue(inner) : inner);
      }
      case 'some':
        return this.someSql(condition.level, condition.condition);
      case 'caller':
        return callerSql(condition);
      case 'dictionary': {
        const { table, ids } = condition;
        const hasRow =
          ids === undefined
            ? related[`has_${table}`].fragment({ ids: dictionaryIds(table, condition.condition) })
            : related[`has_known_${table}`].fragment({ known_ids: ids });
        // Also keeps the planner from using an index: a search finds spans by their traces, which are fewer.
        return isTrue(hasRow);
      }
      default: {
        const table = tableOf(condition);
        if ((table === 'event' || table === 'link') && table !== bound) return this.someSql(table, condition);
        return this.range === undefined ? leafSql(condition) : isTrue(leafSql(condition));
      }
    }
  }

  private someSql(level: 'event' | 'link', condition: Condition): Fragment {
    if (this.range === undefined) throw new Error('A condition of a dictionary tests events or links');
    const name = isOnlyAbout(level, condition) ? (`has_${level}` as const) : (`has_${level}_of_span` as const);
    return related[name].fragment({ condition: this.sqlOf(condition, level), ...this.range });
  }
}

function callerSql({ service, operation }: Condition & { readonly is: 'caller' }): Fragment {
  const names = { service: storableText(service) };
  return operation === undefined
    ? callers.has_caller.fragment(names)
    : callers.has_caller_operation.fragment({ ...names, operation: storableText(operation) });
}

function isTrue(condition: Fragment): Fragment {
  return tests.is_true.fragment({ condition });
}

function leafSql(leaf: Leaf): Fragment {
  switch (leaf.is) {
    case 'attribute':
      return attributeSql(leaf);
    case 'values': {
      const names = { attributes: fields[`${leaf.level}.attributes`].fragment(), like: likeOf(leaf.text) };
      return (isSameInJson(leaf.text) ? tests.json_and_values_contain : tests.values_contain).fragment(names);
    }
    case 'text':
      return textSql(leaf.field, leaf.test);
    case 'enum':
      return tests.enum_is_one_of.fragment({ expression: fields[leaf.field].fragment(), numbers: leaf.positions });
    case 'time': {
      const { field, operator, valueNs } = leaf;
      const exact = tests.time_compares.fragment({
        expression: fields[field].fragment(),
        operator: operators[operator].fragment(),
        number: valueNs.toString(),
      });
      return field === 'span.duration' ? allOf([...roughDuration(operator, valueNs), exact]) : exact;
    }
  }
}

/** A pattern of LIKE for texts that contain a text. */
function likeOf(text: string): string {
  return `%${storableText(text).replaceAll(/[%_\\]/g, String.raw`\$&`)}%`;
}

/** Whether the JSON of attributes contains a text wherever a value does: the text has no character that JSON escapes. */
function isSameInJson(text: string): boolean {
  return !/["\\\p{Cc}]/u.test(text);
}

/** More than any span lasts that PostgreSQL holds, and less than an interval can be. */
const maxMicroseconds = 2n ** 53n;

/** Tests that are quick to compute, and true of every span whose duration compares so. */
function roughDuration(operator: OrderedOperator | 'eq', valueNs: bigint): readonly Fragment[] {
  const microseconds = valueNs / 1000n;
  if (microseconds < 2n || microseconds > maxMicroseconds) return [];
  const atLeast = { interval: `${microseconds - 1n} microseconds` };
  const atMost = { interval: `${microseconds + 1n} microseconds` };
  return [
    ...(operator === 'lt' || operator === 'lte' ? [] : [tests.duration_at_least.fragment(atLeast)]),
    ...(operator === 'gt' || operator === 'gte' ? [] : [tests.duration_at_most.fragment(atMost)]),
  ];
}

function attributeSql({ level, key, test }: Leaf & { readonly is: 'attribute' }): Fragment {
  const attribute = { attributes: fields[`${level}.attributes`].fragment(), key: storableText(key) };
  switch (test.is) {
    case 'present':
      return tests.attribute_exists.fragment(attribute);
    case 'equal':
      return tests.attribute_equals.fragment({ ...attribute, json: jsonOf(test.value) });
    case 'list':
      return tests.attribute_equals_list.fragment({ ...attribute, json: test.list.json });
    case 'matching':
      return tests.attribute_matches.fragment({ ...attribute, pattern: storableText(test.pattern) });
    case 'ordered':
      return orderedSql({ ...attribute, operator: operators[test.operator].fragment() }, test.value);
  }
}

function orderedSql(
  attribute: Pick<Names, 'attributes' | 'key' | 'operator'>,
  { type, value }: OrderedConstant,
): Fragment {
  switch (type) {
    case 'string':
      return tests.attribute_compares_text.fragment({ ...attribute, text: storableText(value) });
    case 'int':
      return tests.attribute_compares_int.fragment({ ...attribute, number: String(value) });
    case 'double':
      return tests.attribute_compares_double.fragment({ ...attribute, number: String(value) });
  }
}

function textSql(field: TextField | EnumField, test: TextTest): Fragment {
  if (test.is === 'equal' && isIdField(field)) return idSql(field, test.text);
  const expression = textOf(field);
  switch (test.is) {
    case 'present':
      return tests.text_exists.fragment({ expression });
    case 'equal':
      return tests.text_equals.fragment({ expression, text: storableText(test.text) });
    case 'ordered': {
      const operator = operators[test.operator].fragment();
      return tests.text_compares.fragment({ expression, operator, text: storableText(test.text) });
    }
    case 'matching':
      return tests.text_matches.fragment({ expression, pattern: storableText(test.pattern) });
    case 'containing':
      return tests.text_contains.fragment({ expression, like: likeOf(test.text) });
  }
}

function textOf(field: TextField | EnumField): Fragment {
  const expression = fields[field].fragment();
  if (field === 'span.kind') return tests.enum_name.fragment({ expression, names: spanKinds });
  return field === 'span.status' ? tests.enum_name.fragment({ expression, names: statusCodes }) : expression;
}

function isIdField(field: Field): field is IdField {
  return idTypes[field] !== undefined;
}

function idSql(field: IdField, text: string): Fragment {
  const column = idColumns[field].fragment();
  if (idTypes[field] === 'uuid') {
    return /^[\da-f]{32}$/i.test(text) ? tests.uuid_equals.fragment({ column, id: text }) : constant(false);
  }
  if (!/^[\da-f]{16}$/i.test(text)) return constant(false);
  return tests.int8_equals.fragment({ column, id: BigInt.asIntN(64, BigInt(`0x${text}`)).toString() });
}

/** Join alternatives about events, or about links, so that the rows are read once for all of them. */
function alternativesOf(parts: readonly Condition[]): readonly Condition[] {
  const byLevel = Map.groupBy(parts, relatedLevelOf);
  return [...byLevel].flatMap(([level, own]): readonly Condition[] =>
    level === undefined || own.length === 1
      ? own
      : [{ is: 'some', level, condition: orOf(own.map((part) => (part.is === 'some' ? part.condition : part))) }],
  );
}

/** The level of a condition that an event or link passes alone. */
function relatedLevelOf(part: Condition): 'event' | 'link' | undefined {
  return (['event', 'link'] as const).find((level) => {
    if (part.is === 'some') return part.level === level && isOnlyAbout(level, part.condition);
    return (
      part.is !== 'constant' && part.is !== 'and' && part.is !== 'or' && part.is !== 'not' && isOnlyAbout(level, part)
    );
  });
}

/** Whether a condition tests only the row of an event or link, so that it can be looked up without its span. */
function isOnlyAbout(level: 'event' | 'link', condition: Condition): boolean {
  switch (condition.is) {
    case 'constant':
      return true;
    case 'and':
    case 'or':
      return condition.conditions.every((part) => isOnlyAbout(level, part));
    case 'not':
      return isOnlyAbout(level, condition.condition);
    case 'some':
    case 'caller':
    case 'dictionary':
      return false;
    default:
      return tableOf(condition) === level && !(condition.is === 'time' && condition.field === 'event.time_since_start');
  }
}
