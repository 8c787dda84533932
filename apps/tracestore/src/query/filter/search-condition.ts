import { andOf, type Condition, type Leaf, orOf } from './condition.js';

/** The tables that say what many spans share; few rows, and a span has the id of one of each. */
export type DictionaryTable = 'operation' | 'resource' | 'scope';

/** Where a leaf's value is kept. */
export type Home = DictionaryTable | 'span' | 'event' | 'link';

/** The span's row of a dictionary fulfils a condition, all of which is about that row. */
export interface DictionaryCondition {
  readonly is: 'dictionary';
  readonly table: DictionaryTable;
  readonly condition: Condition;
  /** The rows that do, if they are few. */
  readonly ids: readonly string[] | undefined;
}

/** A condition in which what is about a dictionary's row stands together. */
export type SearchCondition =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly conditions: readonly SearchCondition[] }
  | { readonly is: 'not'; readonly condition: SearchCondition }
  | { readonly is: 'some'; readonly level: 'event' | 'link'; readonly condition: SearchCondition }
  | DictionaryCondition
  | Leaf;

/** Where a leaf's value is kept. */
export function homeOf(leaf: Leaf): Home {
  if (leaf.is === 'word' || leaf.is === 'text') {
    const { field } = leaf;
    if (field === 'span.kind' || field === 'span.name' || field === 'resource.service') return 'operation';
  }
  return leaf.level;
}

/** Parts of a condition that are about one dictionary are put together, as large as they can be. */
export function withDictionaries(condition: Condition): SearchCondition {
  switch (condition.is) {
    case 'constant':
      return condition;
    case 'some':
      return { ...condition, condition: withDictionaries(condition.condition) };
    case 'not': {
      const table = dictionaryOf(condition);
      if (table !== undefined) return dictionary(table, condition);
      return { is: 'not', condition: withDictionaries(condition.condition) };
    }
    case 'and':
    case 'or': {
      const { is } = condition;
      const together = is === 'and' ? andOf : orOf;
      const byTable = Map.groupBy(condition.conditions, (part) => dictionaryOf(part));
      const parts = [...byTable].flatMap(([table, some]) =>
        table === undefined ? some.map(withDictionaries) : [dictionary(table, together(some))],
      );
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : { is, conditions: parts };
    }
    default: {
      const table = dictionaryOf(condition);
      return table === undefined ? condition : dictionary(table, condition);
    }
  }
}

/** Every part that is about a dictionary. */
export function dictionaryConditionsOf(condition: SearchCondition): readonly DictionaryCondition[] {
  switch (condition.is) {
    case 'dictionary':
      return [condition];
    case 'and':
    case 'or':
      return condition.conditions.flatMap(dictionaryConditionsOf);
    case 'not':
    case 'some':
      return dictionaryConditionsOf(condition.condition);
    default:
      return [];
  }
}

/** Puts in what is known of dictionaries now; what no row fulfils is false. */
export function withIds(
  condition: SearchCondition,
  idsOf: (part: DictionaryCondition) => readonly string[] | undefined,
): SearchCondition {
  switch (condition.is) {
    case 'dictionary': {
      const ids = idsOf(condition);
      return ids?.length === 0 ? { is: 'constant', value: false } : { ...condition, ids };
    }
    case 'and':
    case 'or': {
      const parts = condition.conditions.map((part) => withIds(part, idsOf));
      const decides = condition.is === 'or';
      if (parts.some((part) => part.is === 'constant' && part.value === decides)) {
        return { is: 'constant', value: decides };
      }
      const saying = parts.filter((part) => part.is !== 'constant');
      return saying.length === 0 ? { is: 'constant', value: !decides } : { is: condition.is, conditions: saying };
    }
    case 'not': {
      const inner = withIds(condition.condition, idsOf);
      return inner.is === 'constant' ? { is: 'constant', value: !inner.value } : { is: 'not', condition: inner };
    }
    case 'some': {
      const inner = withIds(condition.condition, idsOf);
      return inner.is === 'constant' && !inner.value ? inner : { ...condition, condition: inner };
    }
    default:
      return condition;
  }
}

function dictionary(table: DictionaryTable, condition: Condition): DictionaryCondition {
  return { is: 'dictionary', table, condition, ids: undefined };
}

/** The one dictionary that all of a condition is about, if there is one. */
function dictionaryOf(condition: Condition): DictionaryTable | undefined {
  switch (condition.is) {
    case 'constant':
    case 'some':
      return undefined;
    case 'and':
    case 'or': {
      const tables = new Set(condition.conditions.map(dictionaryOf));
      const [only] = tables;
      return tables.size === 1 ? only : undefined;
    }
    case 'not':
      return dictionaryOf(condition.condition);
    default: {
      const home = homeOf(condition);
      return home === 'operation' || home === 'resource' || home === 'scope' ? home : undefined;
    }
  }
}
