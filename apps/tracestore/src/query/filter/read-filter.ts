import { AttributeLimitError } from '../../storage/attribute-json.js';
import { limits } from '../../limits.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { spanKinds, statusCodes } from '../span-enums.js';
import {
  always,
  andOf,
  type Condition,
  type Leaf,
  never,
  notOf,
  type OrderedConstant,
  orOf,
  type TextTest,
} from './condition.js';
import { type Constant, jsonOf, listOf, typesOf } from './constant.js';
import { groupDictionaries } from './dictionary-conditions.js';
import {
  type EnumField,
  enumFields,
  type Field,
  type Filter,
  type Level,
  levels,
  type OrderedOperator,
  orderedOperators,
  type Reference,
  type TextField,
  textFields,
  timeFields,
} from './filter.js';
import { patternOf } from './pattern.js';

/* Reads a filter: checks it, and brings it into the form of a condition. */

/** The bounds of a filter. */
export const filterLimits = {
  /** Comparisons, and the and, or, not and some around them. */
  maxNodes: 200,
  /** Constants of all lists together. */
  maxListValues: 1_000,
  maxDepth: 30,
  /** Characters of a text, a key or an expression; bytes of a value of bytes. */
  maxTextLength: 65_536,
} as const;

/**
 * Read a filter as a condition.
 *
 * @throws TracestoreError `invalid` with the path in the filter, when it makes no sense or is beyond `filterLimits`
 */
export function conditionOf(filter: Filter): Condition {
  return groupDictionaries(new Reader().read(filter, 'filter', 0, undefined));
}

class Reader {
  private nodes = 0;
  private listValues = 0;
  private patterns = 0;

  read(filter: Filter, path: string, depth: number, bound: Level | undefined): Condition {
    this.nodes += 1;
    if (this.nodes > filterLimits.maxNodes)
      refuse(path, `exceeds the limit of ${filterLimits.maxNodes} parts of a filter`);
    if (depth > filterLimits.maxDepth) refuse(path, `is nested more than ${filterLimits.maxDepth} levels deep`);
    switch (filter.op) {
      case 'and':
      case 'or': {
        const parts = filter.filters.map((part, n) => this.read(part, `${path}.filters[${n}]`, depth + 1, bound));
        return filter.op === 'and' ? andOf(parts) : orOf(parts);
      }
      case 'not':
        return notOf(this.read(filter.filter, `${path}.filter`, depth + 1, bound));
      case 'some': {
        const { level } = filter;
        if (bound === level) refuse(path, `nests some ${level} in some ${level}`);
        const condition = this.read(filter.filter, `${path}.filter`, depth + 1, level);
        return condition.is === 'constant' && !condition.value ? never : { is: 'some', level, condition };
      }
      case 'called_by': {
        const { service, operation } = filter;
        requireText(service, `${path}.service`);
        if (operation !== undefined) requireText(operation, `${path}.operation`);
        return { is: 'caller', service, operation };
      }
      case 'exists':
        return this.anywhere(filter.reference, path, (operand) => presence(operand));
      case 'regex': {
        this.patterns += 1;
        // PostgreSQL caches 32 compiled expressions. With more of them it would compile each one again for each span.
        if (this.patterns > limits.patternsPerSearch.value)
          refuse(path, `exceeds the limit of ${limits.patternsPerSearch.value} regular expressions of a filter`);
        const pattern = patternOf(filter.pattern, `${path}.pattern`);
        return this.anywhere(filter.reference, path, (operand) => matching(operand, pattern, path));
      }
      case 'contains': {
        requireText(filter.text, `${path}.text`);
        if (filter.text === '') refuse(`${path}.text`, 'is empty');
        return containing(filter.text);
      }
      case 'eq':
      case 'ne':
        return this.membership(filter.reference, [filter.value], [`${path}.value`], filter.op === 'ne', path);
      case 'in':
      case 'not_in': {
        this.listValues += filter.values.length;
        if (this.listValues > filterLimits.maxListValues) {
          refuse(path, `exceeds the limit of ${filterLimits.maxListValues} values in the lists of a filter`);
        }
        const paths = filter.values.map((_, n) => `${path}.values[${n}]`);
        return this.membership(filter.reference, filter.values, paths, filter.op === 'not_in', path);
      }
      default: {
        if (!orderedOperators.includes(filter.op)) refuse(path, 'has an unknown operator');
        requireConstant(filter.value, `${path}.value`);
        const { op, value } = filter;
        return this.anywhere(filter.reference, path, (operand) => ordering(operand, op, value, `${path}.value`));
      }
    }
  }

  private membership(
    reference: Reference,
    values: readonly Constant[],
    paths: readonly string[],
    isNegative: boolean,
    path: string,
  ): Condition {
    for (const [n, value] of values.entries()) requireConstant(value, paths[n] ?? path);
    const isMember = this.anywhere(reference, path, (operand) =>
      orOf(values.map((value, n) => equality(operand, value, paths[n] ?? path))),
    );
    if (!isNegative) return isMember;
    return andOf([this.anywhere(reference, path, (operand) => presence(operand)), notOf(isMember)]);
  }

  /** Of several levels any will do. */
  private anywhere(reference: Reference, path: string, leafAt: (operand: Operand) => Condition): Condition {
    return orOf(operandsOf(reference, `${path}.reference`).map(leafAt));
  }
}

/** A reference at one level. */
type Operand =
  | { readonly is: 'attribute'; readonly level: Level; readonly key: string }
  | { readonly is: 'field'; readonly level: Level; readonly field: Field };

function operandsOf(reference: Reference, path: string): readonly Operand[] {
  if ('field' in reference) {
    const level = levels.find((known) => reference.field.startsWith(`${known}.`));
    if (level === undefined || !isField(reference.field)) refuse(`${path}.field`, 'is unknown');
    return [{ is: 'field', level, field: reference.field }];
  }
  requireText(reference.attribute, `${path}.attribute`);
  if (reference.levels.length === 0) refuse(`${path}.levels`, 'is empty');
  for (const level of reference.levels) if (!levels.includes(level)) refuse(`${path}.levels`, 'names an unknown level');
  return [...new Set(reference.levels)].map((level) => ({ is: 'attribute', level, key: reference.attribute }));
}

function presence(operand: Operand): Condition {
  if (operand.is === 'attribute') return { ...operand, test: { is: 'present' } };
  if (isTextField(operand.field)) return text(operand.level, operand.field, { is: 'present' });
  // Every span and every event has these fields, but not every span has an event.
  return operand.level === 'event' ? { is: 'some', level: 'event', condition: always } : always;
}

function equality(operand: Operand, value: Constant, path: string): Condition {
  if (operand.is === 'attribute') {
    const typed = typesOf(value).map((each): Condition => ({ ...operand, test: { is: 'equal', value: each } }));
    const list = value.type === 'any' ? listOf(value.text) : undefined;
    return orOf(list === undefined ? typed : [...typed, { ...operand, test: { is: 'list', list } }]);
  }
  const { level, field } = operand;
  if (isTextField(field)) {
    const wanted = textOf(value, path);
    return wanted === '' ? never : text(level, field, { is: 'equal', text: wanted });
  }
  if (isEnumField(field)) {
    const wanted = textOf(value, path);
    const names = namesOf(field);
    if (!names.includes(wanted)) refuse(path, `should be one of ${names.join(', ')}`);
    return { is: 'enum', level, field, positions: [names.indexOf(wanted)] };
  }
  return { is: 'time', level, field, operator: 'eq', valueNs: nanosecondsOf(value, path) };
}

function ordering(operand: Operand, operator: OrderedOperator, value: Constant, path: string): Condition {
  if (operand.is === 'attribute') {
    return orOf(
      orderedOf(value, path).map((typed) => ({ ...operand, test: { is: 'ordered', operator, value: typed } })),
    );
  }
  const { level, field } = operand;
  if (isTextField(field)) return text(level, field, { is: 'ordered', operator, text: textOf(value, path) });
  if (isEnumField(field)) refuse(path, `is compared by order with ${field}, which has none`);
  return { is: 'time', level, field, operator, valueNs: nanosecondsOf(value, path) };
}

function matching(operand: Operand, pattern: string, path: string): Condition {
  if (operand.is === 'attribute') return { ...operand, test: { is: 'matching', pattern } };
  const { level, field } = operand;
  // PostgreSQL matches the names of kinds and status codes, too: a hostile expression could block this process.
  if (isTextField(field) || isEnumField(field)) return text(level, field, { is: 'matching', pattern });
  return refuse(path, `matches an expression against ${field}, which is not a text`);
}

/** The texts in which `contains` looks, besides those of attributes. */
const searchedFields = [
  ['span', 'span.name'],
  ['resource', 'resource.service'],
  ['span', 'span.status_message'],
  ['event', 'event.name'],
] as const;

function containing(wanted: string): Condition {
  return orOf([
    ...searchedFields.map(([level, field]) => text(level, field, { is: 'containing', text: wanted })),
    ...levels.map((level): Condition => ({ is: 'values', level, text: wanted })),
  ]);
}

function text(level: Level, field: TextField | EnumField, test: TextTest): Leaf {
  return { is: 'text', level, field, test };
}

/** What a constant is compared with. Nothing is less or more than NaN. */
function orderedOf(value: Constant, path: string): readonly OrderedConstant[] {
  const types = typesOf(value).filter((typed) => typed.type !== 'double' || !Number.isNaN(typed.value));
  const ordered = types.filter((typed) => typed.type === 'string' || typed.type === 'int' || typed.type === 'double');
  if (value.type !== 'any') {
    if (ordered.length < types.length) refuse(path, `is ${value.type}, which has no order`);
    return ordered;
  }
  // Ints are compared with a number that has a fraction, too.
  const double = ordered.find((typed) => typed.type === 'double');
  const hasInt = ordered.some((typed) => typed.type === 'int');
  return double === undefined || hasInt ? ordered : [...ordered, { type: 'int', value: double.value }];
}

function textOf(value: Constant, path: string): string {
  if (value.type === 'string') return value.value;
  if (value.type === 'any') return value.text;
  return refuse(path, `is ${value.type}, but should be a string`);
}

function nanosecondsOf(value: Constant, path: string): bigint {
  if (value.type !== 'int') refuse(path, `is ${value.type}, but should be an int of nanoseconds`);
  return value.value;
}

function namesOf(field: EnumField): readonly string[] {
  return field === 'span.kind' ? spanKinds : statusCodes;
}

function requireConstant(value: Constant, path: string): void {
  if (value.type === 'any') return requireText(value.text, `${path}.text`);
  try {
    const json = jsonOf(value);
    if (json.length > filterLimits.maxTextLength)
      refuse(path, `is longer than ${filterLimits.maxTextLength} characters`);
  } catch (error) {
    if (error instanceof AttributeLimitError) refuse(path, error.message);
    throw error;
  }
}

function requireText(value: string, path: string): void {
  if (value.length > filterLimits.maxTextLength)
    refuse(path, `is longer than ${filterLimits.maxTextLength} characters`);
}

function isField(field: Field): boolean {
  return isTextField(field) || isEnumField(field) || (timeFields as readonly string[]).includes(field);
}

function isTextField(field: Field): field is TextField {
  return (textFields as readonly string[]).includes(field);
}

function isEnumField(field: Field): field is EnumField {
  return (enumFields as readonly string[]).includes(field);
}

function refuse(path: string, problem: string): never {
  throw new TracestoreError(errorKinds.invalid, `${path} ${problem}`);
}
