import {
  always,
  andOf,
  type Condition,
  type DictionaryCondition,
  type DictionaryTable,
  never,
  orOf,
  tableOf,
} from './condition.js';

/*
 * Dictionaries have few rows. A search therefore looks up first which rows pass the part of a condition that is about a
 * dictionary, and compares spans with the ids of these rows.
 */

/** Put parts of a condition that are about the same dictionary together, as large as they can be. */
export function groupDictionaries(condition: Condition): Condition {
  const table = dictionaryOf(condition);
  if (table !== undefined && condition.is !== 'and' && condition.is !== 'or') return about(table, condition);
  switch (condition.is) {
    case 'some':
    case 'not':
      return { ...condition, condition: groupDictionaries(condition.condition) };
    case 'and':
    case 'or': {
      const { is } = condition;
      const combine = is === 'and' ? andOf : orOf;
      const byTable = Map.groupBy(condition.conditions, (part) => dictionaryOf(part));
      const parts = [...byTable].flatMap(([common, some]) =>
        common === undefined ? some.map(groupDictionaries) : [about(common, combine(some))],
      );
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : { is, conditions: parts };
    }
    default:
      return condition;
  }
}

/** All parts of a grouped condition that are about dictionaries. */
export function dictionaryConditionsOf(condition: Condition): readonly DictionaryCondition[] {
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

/**
 * Add the ids of the rows that pass, where they are known. A part that no row passes becomes false.
 *
 * @param idsOf undefined where the ids of a part are not known
 */
export function withIds(
  condition: Condition,
  idsOf: (part: DictionaryCondition) => readonly string[] | undefined,
): Condition {
  switch (condition.is) {
    case 'dictionary': {
      const ids = idsOf(condition);
      return ids?.length === 0 ? never : { ...condition, ids };
    }
    case 'and':
    case 'or': {
      const parts = condition.conditions.map((part) => withIds(part, idsOf));
      const decides = condition.is === 'or';
      if (parts.some((part) => part.is === 'constant' && part.value === decides)) return decides ? always : never;
      const rest = parts.filter((part) => part.is !== 'constant');
      if (rest.length === 0) return decides ? never : always;
      return { is: condition.is, conditions: rest };
    }
    case 'not': {
      const inner = withIds(condition.condition, idsOf);
      return inner.is === 'constant' ? (inner.value ? never : always) : { is: 'not', condition: inner };
    }
    case 'some': {
      const inner = withIds(condition.condition, idsOf);
      return inner.is === 'constant' && !inner.value ? never : { ...condition, condition: inner };
    }
    default:
      return condition;
  }
}

function about(table: DictionaryTable, condition: Condition): DictionaryCondition {
  return { is: 'dictionary', table, condition, ids: undefined };
}

/** The dictionary that the whole condition is about, if there is one. */
function dictionaryOf(condition: Condition): DictionaryTable | undefined {
  switch (condition.is) {
    case 'constant':
    case 'some':
    case 'caller':
    case 'dictionary':
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
      const table = tableOf(condition);
      return table === 'operation' || table === 'resource' || table === 'scope' ? table : undefined;
    }
  }
}
