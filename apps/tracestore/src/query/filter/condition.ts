import { AttributeLimitError } from '../../storage/attribute-json.js';
import { limits } from '../../limits.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { spanKinds, statusCodes } from '../span-words.js';
import { type Constant, jsonOf, listOf, type ListText, type TypedConstant, typesOf } from './constant.js';
import {
  type Field,
  type Filter,
  type Level,
  levels,
  type NanoField,
  nanoFields,
  type OrderedOperator,
  orderedOperators,
  type Reference,
  type TextField,
  textFields,
  type WordField,
  wordFields,
} from './filter.js';
import { patternOf } from './pattern.js';

/*
 * A filter in the form that questions are made of: each leaf is about one level and one kind of value, and none of them
 * is negative. Levels, `ne`, `not_in`, `in` and untyped constants are and, or and not of such leaves.
 */

/** What one value of an attribute fulfils. */
export type AttributeTest =
  | { readonly is: 'present' }
  | { readonly is: 'equal'; readonly value: TypedConstant }
  /** It is one of the lists, or key-value lists, that are written so. */
  | { readonly is: 'list'; readonly list: ListText }
  /** Of an int, a double or a string, each among themselves. */
  | { readonly is: 'ordered'; readonly operator: OrderedOperator; readonly value: OrderedConstant }
  | { readonly is: 'matching'; readonly pattern: string };

/** An int may be compared with a number that is none: any text may stand for it. */
export type OrderedConstant =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int' | 'double'; readonly value: bigint | number };

/** What a text fulfils. */
export type TextTest =
  | { readonly is: 'present' }
  | { readonly is: 'equal'; readonly text: string }
  | { readonly is: 'ordered'; readonly operator: OrderedOperator; readonly text: string }
  | { readonly is: 'matching'; readonly pattern: string };

export type Leaf =
  | { readonly is: 'attribute'; readonly level: Level; readonly key: string; readonly test: AttributeTest }
  /** A word is a text where an expression has to match it. */
  | { readonly is: 'text'; readonly level: Level; readonly field: TextField | WordField; readonly test: TextTest }
  /** The word is one of those whose places are given. */
  | { readonly is: 'word'; readonly level: Level; readonly field: WordField; readonly places: readonly number[] }
  | {
      readonly is: 'nanos';
      readonly level: Level;
      readonly field: NanoField;
      readonly operator: OrderedOperator | 'eq';
      readonly nanos: bigint;
    };

export type Condition =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly is: 'not'; readonly condition: Condition }
  | { readonly is: 'some'; readonly level: 'event' | 'link'; readonly condition: Condition }
  | Leaf;

/** What a filter must keep to. */
export const filterLimits = {
  /** Comparisons, and what holds them together. */
  maxNodes: 200,
  /** Constants in all lists together. */
  maxListValues: 1_000,
  maxDepth: 30,
  /** Characters of a text, a key or an expression; bytes of bytes. */
  maxTextLength: 65_536,
} as const;

const always: Condition = { is: 'constant', value: true };
const never: Condition = { is: 'constant', value: false };

/**
 * Brings a filter into that form.
 *
 * @throws TracestoreError `invalid`, naming the place in the filter, when it makes no sense or is beyond `filterLimits`
 */
export function conditionOf(filter: Filter): Condition {
  return new Reader().read(filter, 'filter', 0, undefined);
}

/** The conjunction, without what says nothing. */
export function andOf(conditions: readonly Condition[]): Condition {
  const parts = conditions.flatMap((part) => (part.is === 'and' ? part.conditions : [part]));
  if (parts.some((part) => part.is === 'constant' && !part.value)) return never;
  const saying = parts.filter((part) => part.is !== 'constant');
  return saying.length === 0 ? always : saying.length === 1 ? (saying[0] ?? always) : { is: 'and', conditions: saying };
}

/** The disjunction, without what says nothing. */
export function orOf(conditions: readonly Condition[]): Condition {
  const parts = conditions.flatMap((part) => (part.is === 'or' ? part.conditions : [part]));
  if (parts.some((part) => part.is === 'constant' && part.value)) return always;
  const saying = parts.filter((part) => part.is !== 'constant');
  return saying.length === 0 ? never : saying.length === 1 ? (saying[0] ?? never) : { is: 'or', conditions: saying };
}

export function notOf(condition: Condition): Condition {
  if (condition.is === 'constant') return condition.value ? never : always;
  return condition.is === 'not' ? condition.condition : { is: 'not', condition };
}

class Reader {
  private nodes = 0;
  private listValues = 0;
  private patterns = 0;

  read(filter: Filter, path: string, depth: number, bound: Level | undefined): Condition {
    this.nodes += 1;
    if (this.nodes > filterLimits.maxNodes)
      refuse(path, `is too much: a filter has at most ${filterLimits.maxNodes} parts`);
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
        if (bound === level) refuse(path, `asks for some ${level} inside of some ${level}`);
        const condition = this.read(filter.filter, `${path}.filter`, depth + 1, level);
        return condition.is === 'constant' && !condition.value ? never : { is: 'some', level, condition };
      }
      case 'exists':
        return this.anywhere(filter.reference, path, (place) => presence(place));
      case 'regex': {
        this.patterns += 1;
        // PostgreSQL keeps 32 compiled; of more than that it would compile each for each span.
        if (this.patterns > limits.patternsPerSearch.value)
          refuse(path, `is too much: a filter has at most ${limits.patternsPerSearch.value} regular expressions`);
        const pattern = patternOf(filter.pattern, `${path}.pattern`);
        return this.anywhere(filter.reference, path, (place) => matching(place, pattern, path));
      }
      case 'eq':
      case 'ne':
        return this.membership(filter.reference, [filter.value], [`${path}.value`], filter.op === 'ne', path);
      case 'in':
      case 'not_in': {
        this.listValues += filter.values.length;
        if (this.listValues > filterLimits.maxListValues) {
          refuse(path, `is too much: the lists of a filter have at most ${filterLimits.maxListValues} values`);
        }
        const paths = filter.values.map((_, n) => `${path}.values[${n}]`);
        return this.membership(filter.reference, filter.values, paths, filter.op === 'not_in', path);
      }
      default: {
        if (!orderedOperators.includes(filter.op)) refuse(path, `has an operator that is not known`);
        requireConstant(filter.value, `${path}.value`);
        const { op, value } = filter;
        return this.anywhere(filter.reference, path, (place) => ordering(place, op, value, `${path}.value`));
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
    const isMember = this.anywhere(reference, path, (place) =>
      orOf(values.map((value, n) => equality(place, value, paths[n] ?? path))),
    );
    if (!isNegative) return isMember;
    return andOf([this.anywhere(reference, path, (place) => presence(place)), notOf(isMember)]);
  }

  /** Of several levels any will do. */
  private anywhere(reference: Reference, path: string, leafAt: (place: Place) => Condition): Condition {
    return orOf(placesOf(reference, `${path}.reference`).map(leafAt));
  }
}

/** A reference at one level. */
type Place =
  | { readonly is: 'attribute'; readonly level: Level; readonly key: string }
  | { readonly is: 'field'; readonly level: Level; readonly field: Field };

function placesOf(reference: Reference, path: string): readonly Place[] {
  if ('field' in reference) {
    const level = levels.find((known) => reference.field.startsWith(`${known}.`));
    if (level === undefined || !isField(reference.field)) refuse(`${path}.field`, 'is not known');
    return [{ is: 'field', level, field: reference.field }];
  }
  requireText(reference.attribute, `${path}.attribute`);
  if (reference.levels.length === 0) refuse(`${path}.levels`, 'names no level');
  for (const level of reference.levels)
    if (!levels.includes(level)) refuse(`${path}.levels`, 'names a level that is not known');
  return [...new Set(reference.levels)].map((level) => ({ is: 'attribute', level, key: reference.attribute }));
}

function presence(place: Place): Condition {
  if (place.is === 'attribute') return { ...place, test: { is: 'present' } };
  if (isTextField(place.field)) return text(place.level, place.field, { is: 'present' });
  // Every span and every event has these; but a span may have no event.
  return place.level === 'event' ? { is: 'some', level: 'event', condition: always } : always;
}

function equality(place: Place, value: Constant, path: string): Condition {
  if (place.is === 'attribute') {
    const typed = typesOf(value).map((each): Condition => ({ ...place, test: { is: 'equal', value: each } }));
    const list = value.type === 'any' ? listOf(value.text) : undefined;
    return orOf(list === undefined ? typed : [...typed, { ...place, test: { is: 'list', list } }]);
  }
  const { level, field } = place;
  if (isTextField(field)) {
    const wanted = textOf(value, path);
    return wanted === '' ? never : text(level, field, { is: 'equal', text: wanted });
  }
  if (isWordField(field)) {
    const word = textOf(value, path);
    const words = wordsOf(field);
    if (!words.includes(word)) refuse(path, `should be one of ${words.join(', ')}`);
    return { is: 'word', level, field, places: [words.indexOf(word)] };
  }
  return { is: 'nanos', level, field, operator: 'eq', nanos: nanosOf(value, path) };
}

function ordering(place: Place, operator: OrderedOperator, value: Constant, path: string): Condition {
  if (place.is === 'attribute') {
    return orOf(orderedOf(value, path).map((typed) => ({ ...place, test: { is: 'ordered', operator, value: typed } })));
  }
  const { level, field } = place;
  if (isTextField(field)) return text(level, field, { is: 'ordered', operator, text: textOf(value, path) });
  if (isWordField(field)) refuse(path, `is compared with ${field}, which has no order`);
  return { is: 'nanos', level, field, operator, nanos: nanosOf(value, path) };
}

function matching(place: Place, pattern: string, path: string): Condition {
  if (place.is === 'attribute') return { ...place, test: { is: 'matching', pattern } };
  const { level, field } = place;
  // PostgreSQL matches words, too: an expression may take this process longer than any it was written for.
  if (isTextField(field) || isWordField(field)) return text(level, field, { is: 'matching', pattern });
  return refuse(path, `matches an expression with ${field}, which is no text`);
}

function text(level: Level, field: TextField | WordField, test: TextTest): Leaf {
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
  // A number that is no int has its place among ints, too.
  const double = ordered.find((typed) => typed.type === 'double');
  const hasInt = ordered.some((typed) => typed.type === 'int');
  return double === undefined || hasInt ? ordered : [...ordered, { type: 'int', value: double.value }];
}

function textOf(value: Constant, path: string): string {
  if (value.type === 'string') return value.value;
  if (value.type === 'any') return value.text;
  return refuse(path, `is ${value.type}, but should be a string`);
}

function nanosOf(value: Constant, path: string): bigint {
  if (value.type !== 'int') refuse(path, `is ${value.type}, but should be an int of nanoseconds`);
  return value.value;
}

function wordsOf(field: WordField): readonly string[] {
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
  return isTextField(field) || isWordField(field) || (nanoFields as readonly string[]).includes(field);
}

function isTextField(field: Field): field is TextField {
  return (textFields as readonly string[]).includes(field);
}

function isWordField(field: Field): field is WordField {
  return (wordFields as readonly string[]).includes(field);
}

function refuse(path: string, problem: string): never {
  throw new TracestoreError(errorKinds.invalid, `${path} ${problem}`);
}
