import {
  type AttributeReference,
  type Call,
  type Expression,
  type FieldReference,
} from '../../gen/expression/v1/expression_pb.js';
import type { Constant } from '../../query/filter/constant.js';
import {
  type Field,
  type Filter,
  type Level,
  levels,
  type TimeField,
  timeFields,
  type OrderedOperator,
  orderedOperators,
  type Reference,
} from '../../query/filter/filter.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { parseGoDuration, parseRfc3339 } from '../../protocols/go-text.js';

/** The supported parts of a filter: all of Jaeger's except full-text search. */
export const filterCapabilities = {
  levels: [...levels],
  operators: ['and', 'or', 'not', 'eq', 'ne', ...orderedOperators, 'regex', 'exists', 'in', 'not_in', 'some'],
} as const;

/** Deeper than the read model accepts, so that the read model reports the error. */
const maxDepth = 100;

const fields: Readonly<Record<Level, Readonly<Record<string, Field>>>> = {
  span: {
    traceID: 'span.trace_id',
    spanID: 'span.span_id',
    parentSpanID: 'span.parent_span_id',
    traceState: 'span.trace_state',
    name: 'span.name',
    kind: 'span.kind',
    startTime: 'span.start_time',
    endTime: 'span.end_time',
    status: 'span.status',
    statusMessage: 'span.status_message',
    duration: 'span.duration',
  },
  resource: { service: 'resource.service', schemaURL: 'resource.schema_url' },
  scope: { name: 'scope.name', version: 'scope.version', schemaURL: 'scope.schema_url' },
  event: { name: 'event.name', time: 'event.time', timeSinceStart: 'event.time_since_start' },
  link: { traceID: 'link.trace_id', spanID: 'link.span_id', traceState: 'link.trace_state' },
};

const mirrored: Readonly<Record<OrderedOperator, OrderedOperator>> = { gt: 'lt', lt: 'gt', gte: 'lte', lte: 'gte' };

/**
 * Translates Jaeger's structured filter (its RFC 0005) to the similar filter of the read model.
 *
 * @throws TracestoreError `invalid`, saying where, when it makes no sense, or asks what cannot be answered here: to compare
 *   two references, or two constants
 */
export function filterOfExpression(call: Call): Filter {
  return filterOf(call, 'filter', 0);
}

function filterOf({ op, args }: Call, path: string, depth: number): Filter {
  if (depth > maxDepth) refuse(path, `is nested more than ${maxDepth} levels deep`);
  const predicate = (n: number): Filter => {
    const term = args[n]?.term;
    if (term?.case !== 'call') refuse(`${path}.args[${n}]`, 'should be a call');
    return filterOf(term.value, `${path}.args[${n}]`, depth + 1);
  };
  switch (op) {
    case 'and':
    case 'or':
      if (args.length < 2) refuse(path, `has ${args.length} operands, but ${op} takes two or more`);
      return { op, filters: args.map((_, n) => predicate(n)) };
    case 'not':
      requireArity(args, 1, path);
      return { op, filter: predicate(0) };
    case 'some': {
      requireArity(args, 2, path);
      const collection = args[0]?.term;
      const level = collection?.case === 'nested' ? collection.value.level : undefined;
      if (level !== 'event' && level !== 'link') refuse(`${path}.args[0]`, 'should name event or link');
      return { op, level, filter: predicate(1) };
    }
    case 'exists':
      requireArity(args, 1, path);
      return { op, reference: referenceAt(args, 0, path) };
    case 'regex': {
      requireArity(args, 2, path);
      const pattern = args[1]?.term;
      if (pattern?.case !== 'scalar') refuse(`${path}.args[1]`, 'should be a string');
      if (pattern.value.type !== '' && pattern.value.type !== 'string') refuse(`${path}.args[1]`, 'should be a string');
      return { op, reference: referenceAt(args, 0, path), pattern: pattern.value.value };
    }
    case 'in':
    case 'not_in': {
      requireArity(args, 2, path);
      const reference = referenceAt(args, 0, path);
      const list = args[1]?.term;
      if (list?.case !== 'list' || list.value.values.length === 0) {
        refuse(`${path}.args[1]`, 'should be a list that is not empty');
      }
      const { values, type } = list.value;
      return {
        op,
        reference,
        values: values.map((text, n) => constantOf(reference, text, type, `${path}.args[1].values[${n}]`)),
      };
    }
    case 'eq':
    case 'ne':
    case 'gt':
    case 'lt':
    case 'gte':
    case 'lte':
      return comparison(op, args, path);
    default:
      return refuse(path, `has the operator ${JSON.stringify(op.slice(0, 40))}, which is not known here`);
  }
}

/** The constant may come first. */
function comparison(op: 'eq' | 'ne' | OrderedOperator, args: readonly Expression[], path: string): Filter {
  requireArity(args, 2, path);
  const isSwapped = args[0]?.term.case === 'scalar';
  const reference = referenceAt(args, isSwapped ? 1 : 0, path);
  const place = isSwapped ? 0 : 1;
  const scalar = args[place]?.term;
  if (scalar?.case !== 'scalar') refuse(`${path}.args[${place}]`, 'should be a constant');
  const value = constantOf(reference, scalar.value.value, scalar.value.type, `${path}.args[${place}]`);
  if (op === 'eq' || op === 'ne') return { op, reference, value };
  return { op: isSwapped ? mirrored[op] : op, reference, value };
}

function referenceAt(args: readonly Expression[], n: number, path: string): Reference {
  const term = args[n]?.term;
  switch (term?.case) {
    case 'attr':
      return attributeReference(term.value, `${path}.args[${n}]`);
    case 'field':
      return { field: fieldOf(term.value, `${path}.args[${n}]`) };
    default:
      return refuse(`${path}.args[${n}]`, 'should be an attribute or a field');
  }
}

function attributeReference({ key, level }: AttributeReference, path: string): Reference {
  if (level === '') return { attribute: key, levels: ['span', 'resource'] };
  const known = levels.find((some) => some === level);
  if (known === undefined) refuse(path, `has the level ${JSON.stringify(level.slice(0, 40))}, which is not known`);
  return { attribute: key, levels: [known] };
}

function fieldOf({ level, name }: FieldReference, path: string): Field {
  const known = levels.find((some) => some === level);
  const field = known === undefined || !Object.hasOwn(fields[known], name) ? undefined : fields[known][name];
  return field ?? refuse(path, `has the field ${JSON.stringify(`${level}.${name}`.slice(0, 80))}, which is not known`);
}

/** A constant without a type gets that of the other operand. */
function constantOf(reference: Reference, text: string, type: string, path: string): Constant {
  if ('field' in reference) {
    if (type !== '' && type !== 'string') refuse(path, `is ${type}, but ${reference.field} is none`);
    return isTimeField(reference.field)
      ? { type: 'int', value: nanosOf(reference.field, text, path) }
      : { type: 'string', value: text };
  }
  switch (type) {
    case '':
      return { type: 'any', text };
    case 'string':
      return { type, value: text };
    case 'int':
      if (!/^[+-]?\d{1,19}$/.test(text)) refuse(path, `should be an int, but is ${JSON.stringify(text.slice(0, 40))}`);
      return { type, value: BigInt.asIntN(64, BigInt(text.replace('+', ''))) };
    case 'double': {
      const value = Number(text);
      if (text.trim() === '' || Number.isNaN(value))
        refuse(path, `should be a double, but is ${JSON.stringify(text.slice(0, 40))}`);
      return { type, value };
    }
    case 'bool':
      if (text !== 'true' && text !== 'false')
        refuse(path, `should be true or false, but is ${JSON.stringify(text.slice(0, 40))}`);
      return { type, value: text === 'true' };
    default:
      return refuse(path, `has the type ${JSON.stringify(type.slice(0, 40))}, which is not known`);
  }
}

function isTimeField(field: Field): field is TimeField {
  return (timeFields as readonly Field[]).includes(field);
}

function nanosOf(field: TimeField, text: string, path: string): bigint {
  const isDuration = field === 'span.duration' || field === 'event.time_since_start';
  const nanos = isDuration ? parseGoDuration(text) : parseRfc3339(text);
  return (
    nanos ??
    refuse(
      path,
      `should be ${isDuration ? 'a duration such as 1.5s' : 'a time in RFC 3339'}, but is ${JSON.stringify(text.slice(0, 40))}`,
    )
  );
}

function requireArity(args: readonly Expression[], arity: number, path: string): void {
  if (args.length !== arity) refuse(path, `has ${args.length} operands instead of ${arity}`);
}

function refuse(path: string, problem: string): never {
  throw new TracestoreError(errorKinds.invalid, `${path} ${problem}`);
}
