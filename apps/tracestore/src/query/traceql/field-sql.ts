import {
  type ArithmeticOperator,
  type Attribute,
  type Binary,
  type ComparisonOperator,
  type FieldExpression,
  type Intrinsic,
  type IntrinsicName,
  type Literal,
  type Membership,
  type OrderOperator,
  type Static,
} from '@spandrel/traceql';
import { allOf, anyOf, constant, type Fragment, type NoArguments, not, readFragments } from '../../sql.js';
import { doubleToJson, storableText } from '../../storage/attribute-json.js';
import { spanKinds, statusCodes } from '../span-enums.js';
import { mentions } from './fields.js';
import { wholePatternOf } from './pattern.js';

/*
 * Expressions of fields as SQL about the row `s` of a span. Conditions are true or false, never NULL: docs/traceql.md says what a
 * missing value means. Constants of the query are parameters.
 */

/** What an expression is worth. A type of TraceQL has one type of SQL; `dynamic` is jsonb and known only for a span. */
export interface Value {
  /** bool: boolean, string: text, int and duration: numeric or an integer, float: float8, status and kind: OTLP's number. */
  readonly type: 'bool' | 'string' | 'int' | 'float' | 'duration' | 'status' | 'kind' | 'dynamic';
  readonly sql: Fragment;
}

/** Which event and link a condition has chosen, as rows `e` and `k`. */
export interface Chosen {
  readonly event: boolean;
  readonly link: boolean;
}

const nothingChosen: Chosen = { event: false, link: false };

type FieldName =
  | `${'any' | 'span' | 'resource' | 'instrumentation' | 'event' | 'link'}_attribute`
  | `last_${'event' | 'link'}_attribute`
  | `parent_${'any' | 'span' | 'resource'}_attribute`;
type NestedIntrinsic = 'event:name' | 'event:timeSinceStart' | 'link:traceID' | 'link:spanID';
type StoredIntrinsic = Exclude<IntrinsicName, 'parent'>;

const attributeNames = [
  'any_attribute',
  'span_attribute',
  'resource_attribute',
  'instrumentation_attribute',
  'event_attribute',
  'link_attribute',
  'last_event_attribute',
  'last_link_attribute',
  'parent_any_attribute',
  'parent_span_attribute',
  'parent_resource_attribute',
] as const satisfies readonly FieldName[];
const nestedIntrinsics = [
  'event:name',
  'event:timeSinceStart',
  'link:traceID',
  'link:spanID',
] as const satisfies readonly NestedIntrinsic[];

const storedTypes = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'kind',
  traceDuration: 'duration',
  rootName: 'string',
  rootServiceName: 'string',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  'span:childCount': 'int',
  'trace:id': 'string',
  'span:id': 'string',
  'span:parentID': 'string',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
} as const satisfies Readonly<Record<StoredIntrinsic, Value['type']>>;

const fields = readFragments<
  Record<FieldName, { readonly key: string }> &
    Record<StoredIntrinsic | `last ${NestedIntrinsic}` | 'is_root', NoArguments>
>(import.meta.url, 'fields.sql', [
  'is_root',
  ...attributeNames,
  ...(Object.keys(storedTypes) as StoredIntrinsic[]),
  ...nestedIntrinsics.map((name) => `last ${name}` as const),
]);

interface Names {
  readonly raw: Fragment;
  readonly value: Fragment;
  readonly left: Fragment;
  readonly right: Fragment;
  readonly condition: Fragment;
  readonly operator: Fragment;
  readonly name: string;
  readonly json: string;
  readonly texts: readonly string[];
  readonly text: string;
  readonly pattern: string;
  readonly number: string;
  readonly truth: boolean;
  readonly same_type: boolean;
}

const values = readFragments<{
  readonly is_true: Pick<Names, 'condition'>;
  readonly group: Pick<Names, 'condition'>;
  readonly attribute_value: Pick<Names, 'raw'>;
  readonly service_value: Pick<Names, 'raw'>;
  readonly parent_service_value: Pick<Names, 'raw'>;
  readonly scalar: Pick<Names, 'value'>;
  readonly exists: Pick<Names, 'value'>;
  readonly is_missing: Pick<Names, 'value'>;
  readonly any_event: Pick<Names, 'condition'>;
  readonly any_link: Pick<Names, 'condition'>;
  readonly json: Pick<Names, 'json'>;
  readonly text: Pick<Names, 'text'>;
  readonly numeric: Pick<Names, 'number'>;
  readonly float: Pick<Names, 'number'>;
  readonly bool: Pick<Names, 'truth'>;
  readonly to_json: Pick<Names, 'value'>;
  readonly int_to_json: Pick<Names, 'value'>;
  readonly int_to_float_json: Pick<Names, 'value'>;
  readonly negative: Pick<Names, 'value'>;
  readonly arithmetic: Pick<Names, 'name' | 'left' | 'right'>;
  readonly not_attribute: Pick<Names, 'value' | 'condition'>;
  readonly no_value: NoArguments;
  readonly json_is: Pick<Names, 'value' | 'json'>;
  readonly compare: Pick<Names, 'name' | 'left' | 'right' | 'same_type'>;
  readonly compares: Pick<Names, 'left' | 'operator' | 'right'>;
  readonly compares_text: Pick<Names, 'left' | 'operator' | 'right'>;
  readonly text_matches: Pick<Names, 'left' | 'pattern'>;
  readonly text_differs: Pick<Names, 'left' | 'pattern'>;
  readonly attribute_text: Pick<Names, 'raw' | 'operator' | 'name' | 'text'>;
  readonly attribute_matches: Pick<Names, 'raw' | 'pattern'>;
  readonly attribute_differs: Pick<Names, 'raw' | 'pattern'>;
  readonly attribute_int: Pick<Names, 'raw' | 'operator' | 'name' | 'number'>;
  readonly attribute_float: Pick<Names, 'raw' | 'operator' | 'name' | 'number'>;
  readonly attribute_bool: Pick<Names, 'raw' | 'operator' | 'name' | 'truth'>;
  readonly attribute_text_in: Pick<Names, 'raw' | 'texts'>;
  readonly attribute_text_not_in: Pick<Names, 'raw' | 'texts'>;
}>(import.meta.url, 'values.sql', [
  'is_true',
  'group',
  'attribute_value',
  'service_value',
  'parent_service_value',
  'scalar',
  'exists',
  'is_missing',
  'any_event',
  'any_link',
  'json',
  'text',
  'numeric',
  'float',
  'bool',
  'to_json',
  'int_to_json',
  'int_to_float_json',
  'negative',
  'arithmetic',
  'not_attribute',
  'no_value',
  'json_is',
  'compare',
  'compares',
  'compares_text',
  'text_matches',
  'text_differs',
  'attribute_text',
  'attribute_matches',
  'attribute_differs',
  'attribute_int',
  'attribute_float',
  'attribute_bool',
  'attribute_text_in',
  'attribute_text_not_in',
]);

const orders = ['=', '!=', '<', '<=', '>', '>='] as const satisfies readonly OrderOperator[];
const operators = readFragments<Record<OrderOperator, NoArguments>>(import.meta.url, 'operators.sql', orders);

/** The comparison with its sides exchanged. */
const exchanged = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/** Write whether a span fulfils a condition. */
export function conditionSql(condition: FieldExpression, chosen: Chosen = nothingChosen): Fragment {
  switch (condition.node) {
    case 'literal':
      return constant(condition.value.type === 'bool' && condition.value.value);
    case 'attribute':
    case 'intrinsic':
      return some([condition], chosen, (inner) => isTrueSql(valueSql(condition, inner)));
    case 'unary':
      return condition.operator === '!' ? isFalseSql(condition.operand, chosen) : constant(false);
    case 'membership':
      return some([condition], chosen, (inner) => membershipSql(condition, inner));
    case 'binary':
      return binarySql(condition, chosen);
  }
}

function binarySql(condition: Binary, chosen: Chosen): Fragment {
  const { operator, left, right } = condition;
  switch (operator) {
    case '&&': {
      // Comparisons joined by `&&` mean one event. What has `||` or `!` is tested alone.
      const conjuncts = conjunctsOf(condition);
      const nested = conjuncts.filter((part) => isComparison(part) && isNested(part));
      const others = conjuncts.filter((part) => !nested.includes(part)).map((part) => conditionSql(part, chosen));
      if (nested.length === 0) return allOf(others);
      return allOf([
        ...others,
        some(nested, chosen, (inner) => allOf(nested.map((part) => conditionSql(part, inner)))),
      ]);
    }
    case '||':
      return anyOf([conditionSql(left, chosen), conditionSql(right, chosen)]);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return constant(false);
    default:
      return some([condition], chosen, (inner) => comparisonSql(operator, left, right, inner));
  }
}

/** The parts of a condition that must all hold. */
export function conjunctsOf(condition: FieldExpression): readonly FieldExpression[] {
  return condition.node === 'binary' && condition.operator === '&&'
    ? [...conjunctsOf(condition.left), ...conjunctsOf(condition.right)]
    : [condition];
}

function isComparison(condition: FieldExpression): boolean {
  if (condition.node === 'binary') return condition.operator !== '&&' && condition.operator !== '||';
  return condition.node !== 'unary';
}

function isNested(expression: FieldExpression): boolean {
  return mentions(expression, 'event') || mentions(expression, 'link');
}

/** Whether some event and link, of those that expressions mention and that are not chosen yet, passes. */
function some(expressions: readonly FieldExpression[], chosen: Chosen, test: (chosen: Chosen) => Fragment): Fragment {
  if (!chosen.event && expressions.some((expression) => mentions(expression, 'event')))
    return values.any_event.fragment({ condition: some(expressions, { ...chosen, event: true }, test) });
  if (!chosen.link && expressions.some((expression) => mentions(expression, 'link')))
    return values.any_link.fragment({ condition: some(expressions, { ...chosen, link: true }, test) });
  return test(chosen);
}

/** `!x` of what is no bool is false, too. */
function isFalseSql(operand: FieldExpression, chosen: Chosen): Fragment {
  if (operand.node === 'binary' || operand.node === 'membership' || operand.node === 'unary')
    return not(conditionSql(operand, chosen));
  return some([operand], chosen, (inner) => {
    if (operand.node === 'literal') return constant(operand.value.type === 'bool' && !operand.value.value);
    const value = valueSql(operand, inner);
    return value.type === 'dynamic'
      ? isTrue(values.json_is.fragment({ value: value.sql, json: 'false' }))
      : constant(false);
  });
}

function isTrueSql(value: Value): Fragment {
  if (value.type === 'bool') return isTrue(value.sql);
  if (value.type !== 'dynamic') return constant(false);
  return isTrue(values.json_is.fragment({ value: value.sql, json: 'true' }));
}

/** The value of an expression; of several events or links, unless one is chosen, that of the last one that has it. */
export function valueSql(expression: FieldExpression, chosen: Chosen = nothingChosen): Value {
  switch (expression.node) {
    case 'literal':
      return literalSql(expression.value);
    case 'attribute':
      return attributeValue(expression, chosen);
    case 'intrinsic':
      return intrinsicSql(expression, chosen);
    case 'membership':
      return { type: 'bool', sql: values.group.fragment({ condition: conditionSql(expression, chosen) }) };
    case 'unary': {
      const { operator, operand } = expression;
      if (operator === '-') return negativeOf(valueSql(operand, chosen));
      if (operand.node !== 'attribute')
        return { type: 'bool', sql: values.group.fragment({ condition: conditionSql(expression, chosen) }) };
      return notAttribute(operand, chosen);
    }
    case 'binary': {
      const { operator, left, right } = expression;
      switch (operator) {
        case '+':
        case '-':
        case '*':
        case '/':
        case '%':
        case '^':
          return arithmeticSql(operator, valueSql(left, chosen), valueSql(right, chosen));
        default:
          return { type: 'bool', sql: values.group.fragment({ condition: conditionSql(expression, chosen) }) };
      }
    }
  }
}

/** `!.x` is missing where `x` is missing or an array. */
function notAttribute(operand: Attribute, chosen: Chosen): Value {
  const { sql } = attributeValue(operand, chosen);
  return {
    type: 'bool',
    sql: values.not_attribute.fragment({ value: sql, condition: isFalseSql(operand, chosen) }),
  };
}

function literalSql(value: Static): Value {
  switch (value.type) {
    case 'nil':
      return { type: 'dynamic', sql: values.json.fragment({ json: 'null' }) };
    case 'int':
    case 'duration':
      return { type: value.type, sql: values.numeric.fragment({ number: String(value.value) }) };
    case 'float':
      return { type: 'float', sql: values.float.fragment({ number: String(value.value) }) };
    case 'string':
      return { type: 'string', sql: values.text.fragment({ text: storableText(value.value) }) };
    case 'bool':
      return { type: 'bool', sql: values.bool.fragment({ truth: value.value }) };
    case 'status':
      return { type: 'status', sql: values.numeric.fragment({ number: String(statusCodes.indexOf(value.value)) }) };
    case 'kind':
      return { type: 'kind', sql: values.numeric.fragment({ number: String(spanKinds.indexOf(value.value)) }) };
  }
}

/** An attribute as it is stored. */
export function rawAttribute({ scope, name, ofParent }: Attribute, chosen: Chosen): Fragment {
  const key = { key: storableText(name) };
  if (ofParent && (scope === 'any' || scope === 'span' || scope === 'resource'))
    return fields[`parent_${scope}_attribute`].fragment(key);
  if ((scope === 'event' && !chosen.event) || (scope === 'link' && !chosen.link))
    return fields[`last_${scope}_attribute`].fragment(key);
  return fields[`${scope}_attribute`].fragment(key);
}

/** Every resource has a service. */
function isService({ scope, name }: Attribute): boolean {
  return scope === 'resource' && name === 'service.name';
}

function attributeValue(attribute: Attribute, chosen: Chosen): Value {
  const raw = rawAttribute(attribute, chosen);
  const name = isService(attribute)
    ? attribute.ofParent
      ? 'parent_service_value'
      : 'service_value'
    : 'attribute_value';
  return { type: 'dynamic', sql: values[name].fragment({ raw }) };
}

function intrinsicSql({ name }: Intrinsic, chosen: Chosen): Value {
  if (name === 'parent') return { type: 'dynamic', sql: values.json.fragment({ json: 'null' }) };
  const nested = nestedIntrinsics.find((other) => other === name);
  const isChosen = name.startsWith('event:') ? chosen.event : chosen.link;
  const field = nested === undefined || isChosen ? fields[name] : fields[`last ${nested}`];
  return { type: storedTypes[name], sql: field.fragment() };
}

function negativeOf(value: Value): Value {
  if (value.type === 'duration' || value.type === 'float')
    return { type: value.type, sql: values.negative.fragment({ value: value.sql }) };
  const left = numberJson(value);
  if (left === undefined) return missing();
  const right = values.json.fragment({ json: '-1' });
  return { type: 'dynamic', sql: values.arithmetic.fragment({ name: '*', left, right }) };
}

/** Compute with two values. A duration counts as a float. */
export function arithmeticSql(operator: ArithmeticOperator, leftValue: Value, rightValue: Value): Value {
  const left = numberJson(leftValue);
  const right = numberJson(rightValue);
  if (left === undefined || right === undefined) return missing();
  return { type: 'dynamic', sql: values.arithmetic.fragment({ name: operator, left, right }) };
}

function missing(): Value {
  return { type: 'dynamic', sql: values.no_value.fragment() };
}

/** A number as an attribute value; undefined for another type. */
function numberJson({ type, sql }: Value): Fragment | undefined {
  switch (type) {
    case 'dynamic':
      return sql;
    case 'int':
      return values.int_to_json.fragment({ value: sql });
    case 'float':
    case 'duration':
      return values.int_to_float_json.fragment({ value: sql });
    default:
      return undefined;
  }
}

/** A value as an attribute value. A duration is an int of nanoseconds, a status and a kind are OTLP's numbers. */
export function jsonSql({ type, sql }: Value): Fragment {
  switch (type) {
    case 'dynamic':
      return sql;
    case 'float':
      return values.int_to_float_json.fragment({ value: sql });
    case 'string':
    case 'bool':
      return values.to_json.fragment({ value: sql });
    default:
      return values.int_to_json.fragment({ value: sql });
  }
}

/** A value as JSON, NULL for an array. */
export function scalarSql(value: Fragment): Fragment {
  return values.scalar.fragment({ value });
}

function comparisonSql(
  operator: ComparisonOperator,
  left: FieldExpression,
  right: FieldExpression,
  chosen: Chosen,
): Fragment {
  if (right.node === 'literal' && right.value.type === 'nil') return existsSql(left, operator === '!=', chosen);
  const isRoot = rootTest(operator, left, right);
  if (isRoot !== undefined) return isRoot ? fields.is_root.fragment() : not(fields.is_root.fragment());
  if (right.node === 'literal' && left.node === 'attribute') return attributeSql(operator, left, right.value, chosen);
  if (left.node === 'literal' && right.node === 'attribute' && operator !== '=~' && operator !== '!~')
    return attributeSql(exchanged[operator], right, left.value, chosen);
  if (operator === '=~' || operator === '!~') {
    const pattern = right.node === 'literal' && right.value.type === 'string' ? wholePatternOf(right.value.value) : '';
    return matchingSql(operator, valueSql(left, chosen), pattern);
  }
  return pairSql(operator, valueSql(left, chosen), valueSql(right, chosen));
}

/**
 * Whether a comparison of `nestedSetParent` is about roots alone, which have -1 and nothing else has: such a test needs no numbers.
 *
 * @returns undefined for another comparison, false for one that roots alone fail
 */
export function rootTest(
  operator: ComparisonOperator,
  left: FieldExpression,
  right: FieldExpression,
): boolean | undefined {
  if (left.node !== 'intrinsic' || left.name !== 'nestedSetParent' || right.node !== 'literal') return undefined;
  if (right.value.type !== 'int') return undefined;
  const test = `${operator} ${right.value.value}`;
  if (test === '< 0' || test === '<= -1' || test === '= -1') return true;
  return test === '>= 0' || test === '> -1' || test === '!= -1' ? false : undefined;
}

/** Whether an operation is a test for roots. */
export function isRootTest({ operator, left, right }: Binary): boolean {
  return /^(=|!=|<|<=|>|>=)$/.test(operator) && rootTest(operator as '=', left, right) !== undefined;
}

function existsSql(field: FieldExpression, isThere: boolean, chosen: Chosen): Fragment {
  const { type, sql } = valueSql(field, chosen);
  if (type !== 'dynamic' && field.node === 'intrinsic') return constant(isThere);
  return (isThere ? values.exists : values.is_missing).fragment({ value: sql });
}

function matchingSql(operator: '=~' | '!~', { type, sql }: Value, pattern: string): Fragment {
  if (type === 'string')
    return (operator === '=~' ? values.text_matches : values.text_differs).fragment({ left: sql, pattern });
  if (type !== 'dynamic') return constant(false);
  const right = values.json.fragment({ json: JSON.stringify(pattern) });
  return isTrue(values.compare.fragment({ name: operator, left: sql, right, same_type: false }));
}

/** Compare two values, whatever they are. */
export function pairSql(operator: OrderOperator, left: Value, right: Value): Fragment {
  const sql = operators[operator].fragment();
  const isExact = (value: Value) => value.type === 'int' || value.type === 'duration';
  if (isExact(left) && isExact(right))
    return isTrue(values.compares.fragment({ left: left.sql, operator: sql, right: right.sql }));
  if (left.type === right.type && left.type !== 'dynamic' && left.type !== 'float') {
    const name = left.type === 'string' ? 'compares_text' : 'compares';
    return isTrue(values[name].fragment({ left: left.sql, operator: sql, right: right.sql }));
  }
  const isComparable = (value: Value) => value.type !== 'status' && value.type !== 'kind';
  if (!isComparable(left) || !isComparable(right)) return constant(false);
  return isTrue(
    values.compare.fragment({ name: operator, left: jsonSql(left), right: jsonSql(right), same_type: false }),
  );
}

/** What an attribute is compared by: as it is stored. A service that is missing is an empty text. */
function storedSql(attribute: Attribute, chosen: Chosen): Fragment {
  return isService(attribute) ? attributeValue(attribute, chosen).sql : rawAttribute(attribute, chosen);
}

/** An attribute is compared with constants of its own type only: 1 is not 1.0. */
function attributeSql(operator: ComparisonOperator, attribute: Attribute, value: Static, chosen: Chosen): Fragment {
  const raw = storedSql(attribute, chosen);
  if (operator === '=~' || operator === '!~') {
    if (value.type !== 'string') return constant(false);
    const name = operator === '=~' ? 'attribute_matches' : 'attribute_differs';
    return isTrue(values[name].fragment({ raw, pattern: wholePatternOf(value.value) }));
  }
  const names = { raw, operator: operators[operator].fragment(), name: operator };
  switch (value.type) {
    case 'string':
      return isTrue(values.attribute_text.fragment({ ...names, text: storableText(value.value) }));
    case 'int':
      return isTrue(values.attribute_int.fragment({ ...names, number: String(value.value) }));
    case 'float':
      return floatSql(names, value.value);
    case 'bool':
      if (operator !== '=' && operator !== '!=') return constant(false);
      return isTrue(values.attribute_bool.fragment({ ...names, truth: value.value }));
    default:
      return constant(false);
  }
}

function floatSql(names: Pick<Names, 'raw' | 'operator' | 'name'>, number: number): Fragment {
  if (Number.isFinite(number)) return isTrue(values.attribute_float.fragment({ ...names, number: String(number) }));
  const left = values.attribute_value.fragment({ raw: names.raw });
  const right = values.json.fragment({ json: doubleToJson(number) });
  return isTrue(values.compare.fragment({ name: names.name, left, right, same_type: true }));
}

function membershipSql({ operator, field, values: members }: Membership, chosen: Chosen): Fragment {
  const comparison = ({ IN: '=', 'NOT IN': '!=', 'MATCH ANY': '=~', 'MATCH NONE': '!~' } as const)[operator];
  const texts = textsOf(members);
  if (texts !== undefined && field.node === 'attribute' && !operator.startsWith('MATCH')) {
    const name = operator === 'IN' ? 'attribute_text_in' : 'attribute_text_not_in';
    return isTrue(values[name].fragment({ raw: storedSql(field, chosen), texts }));
  }
  const tests = members.map((member) => comparisonSql(comparison, field, member, chosen));
  return operator === 'IN' || operator === 'MATCH ANY' ? anyOf(tests) : allOf(tests);
}

function textsOf(members: readonly Literal[]): readonly string[] | undefined {
  const texts = members.flatMap(({ value }) => (value.type === 'string' ? [storableText(value.value)] : []));
  return texts.length === members.length ? texts : undefined;
}

function isTrue(condition: Fragment): Fragment {
  return values.is_true.fragment({ condition });
}
