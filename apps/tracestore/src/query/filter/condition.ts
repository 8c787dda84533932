import type { ListText, TypedConstant } from './constant.js';
import type { EnumField, Level, OrderedOperator, TextField, TimeField } from './filter.js';

/*
 * A condition is a filter in the form that SQL is made of. Each leaf tests one value of one level, and is never negative:
 * levels, `ne`, `not_in`, `in` and constants without a type are and, or and not of such leaves. Leaves about the same
 * dictionary stand together.
 */

/** The tables of values that many spans share. A span has the id of one row of each. */
export type DictionaryTable = 'operation' | 'resource' | 'scope';

/** The tables that have the value of a leaf. */
export type Table = DictionaryTable | 'span' | 'event' | 'link';

/** A test of a value of an attribute. */
export type AttributeTest =
  | { readonly is: 'present' }
  | { readonly is: 'equal'; readonly value: TypedConstant }
  /** The value is a list, or a key-value list, with this text. */
  | { readonly is: 'list'; readonly list: ListText }
  /** Ints, doubles and strings are each compared among themselves. */
  | { readonly is: 'ordered'; readonly operator: OrderedOperator; readonly value: OrderedConstant }
  | { readonly is: 'matching'; readonly pattern: string };

/** An int may be compared with a number that has a fraction. */
export type OrderedConstant =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int' | 'double'; readonly value: bigint | number };

/** A test of a text. */
export type TextTest =
  | { readonly is: 'present' }
  | { readonly is: 'equal'; readonly text: string }
  | { readonly is: 'ordered'; readonly operator: OrderedOperator; readonly text: string }
  | { readonly is: 'matching'; readonly pattern: string }
  /** A part equals the text, ignoring case. */
  | { readonly is: 'containing'; readonly text: string };

export type Leaf =
  | { readonly is: 'attribute'; readonly level: Level; readonly key: string; readonly test: AttributeTest }
  /** The text of an attribute's value, of any key, contains a text, ignoring case. */
  | { readonly is: 'values'; readonly level: Level; readonly text: string }
  /** An enum field counts as a text where an expression has to match it. */
  | { readonly is: 'text'; readonly level: Level; readonly field: TextField | EnumField; readonly test: TextTest }
  /** The value is one of those with these positions in its enum, which are OTLP's numbers. */
  | { readonly is: 'enum'; readonly level: Level; readonly field: EnumField; readonly positions: readonly number[] }
  | {
      readonly is: 'time';
      readonly level: Level;
      readonly field: TimeField;
      readonly operator: OrderedOperator | 'eq';
      readonly valueNs: bigint;
    };

/** The span's row of a dictionary passes a condition that tests only that row. */
export interface DictionaryCondition {
  readonly is: 'dictionary';
  readonly table: DictionaryTable;
  readonly condition: Condition;
  /** The ids of the rows that pass it, where a search has looked them up and they are few. */
  readonly ids: readonly string[] | undefined;
}

export type Condition =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly is: 'not'; readonly condition: Condition }
  /** One event or link of the span passes the whole condition. */
  | { readonly is: 'some'; readonly level: 'event' | 'link'; readonly condition: Condition }
  /** The parent of the span belongs to this service and, if there is one, has this name. */
  | { readonly is: 'caller'; readonly service: string; readonly operation: string | undefined }
  | DictionaryCondition
  | Leaf;

export const always: Condition = { is: 'constant', value: true };
export const never: Condition = { is: 'constant', value: false };

/** Combine conditions that must all hold. Constants are left out. */
export function andOf(conditions: readonly Condition[]): Condition {
  return combined('and', conditions);
}

/** Combine alternatives: one condition must hold. Constants are left out. */
export function orOf(conditions: readonly Condition[]): Condition {
  return combined('or', conditions);
}

export function notOf(condition: Condition): Condition {
  if (condition.is === 'constant') return condition.value ? never : always;
  return condition.is === 'not' ? condition.condition : { is: 'not', condition };
}

function combined(is: 'and' | 'or', conditions: readonly Condition[]): Condition {
  const parts = conditions.flatMap((part) => (part.is === is ? part.conditions : [part]));
  const neutral = is === 'and' ? always : never;
  if (parts.some((part) => part.is === 'constant' && part.value !== (is === 'and'))) return notOf(neutral);
  const rest = parts.filter((part) => part.is !== 'constant');
  const [only = neutral] = rest;
  return rest.length <= 1 ? only : { is, conditions: rest };
}

/** Whether a condition tests events or links of a span. */
export function testsRelatedRows(condition: Condition): boolean {
  switch (condition.is) {
    case 'constant':
    case 'dictionary':
    case 'caller':
      return false;
    case 'and':
    case 'or':
      return condition.conditions.some(testsRelatedRows);
    case 'not':
      return testsRelatedRows(condition.condition);
    case 'some':
      return true;
    default: {
      const table = tableOf(condition);
      return table === 'event' || table === 'link';
    }
  }
}

/** The table that has the value of a leaf. */
export function tableOf(leaf: Leaf): Table {
  if (leaf.is === 'enum' || leaf.is === 'text') {
    const { field } = leaf;
    if (field === 'span.kind' || field === 'span.name' || field === 'resource.service') return 'operation';
  }
  return leaf.level;
}
