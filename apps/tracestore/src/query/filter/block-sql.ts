import { attributeTerm, bitsOf, idTerm, keyTerm } from '../../otlp/block-filter.js';
import { storableText } from '../../otlp/attribute-json.js';
import type { Leaf } from './condition.js';
import { isWrittenOneWay, jsonOf } from './constant.js';
import type { SearchCondition } from './search-condition.js';
import type { SqlParameters } from './sql-parameters.js';

/** Looking for more than so many terms takes longer than looking at the spans. */
const maxTerms = 16;

const maxInt8 = 2n ** 63n - 1n;

/** The place of `error` among the status codes. */
const errorCode = 2;

/**
 * Whether the block `b` may have a span that fulfils a condition, as SQL; undefined when a block says nothing of that.
 * Where it is false, no span of the block does.
 */
export function blockSql(condition: SearchCondition, parameters: SqlParameters): string | undefined {
  const all = condition.is === 'and' ? condition.conditions : [condition];
  const parts = all.map((part) => partSql(part, parameters)).filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

/** One of those that all have to hold. */
function partSql(condition: SearchCondition, parameters: SqlParameters): string | undefined {
  const sql = maySql(condition, parameters);
  if (sql === undefined || isColumn(condition)) return sql;
  // Of bits the planner expects that next to none are set, and would sort all blocks rather than take them in their
  // order until there are enough; of a CASE it expects that it is true for every other row.
  return `CASE WHEN ${sql} THEN true ELSE false END`;
}

/** Whether a condition is about a column of blocks that has statistics. */
function isColumn(condition: SearchCondition): boolean {
  return condition.is === 'nanos' || condition.is === 'word';
}

function maySql(condition: SearchCondition, parameters: SqlParameters): string | undefined {
  switch (condition.is) {
    case 'and': {
      const parts = condition.conditions.map((part) => maySql(part, parameters)).filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : `(${parts.join(' AND ')})`;
    }
    case 'or': {
      const before = parameters.values.length;
      const parts = condition.conditions.map((part) => maySql(part, parameters));
      if (!parts.includes(undefined)) return `(${parts.join(' OR ')})`;
      parameters.dropFrom(before);
      return undefined;
    }
    case 'some':
      return maySql(condition.condition, parameters);
    case 'dictionary':
      if (condition.ids === undefined || condition.ids.length > maxTerms) return undefined;
      return anyOf(
        condition.ids.map((id) => idTerm(BigInt(id))),
        parameters,
      );
    case 'constant':
    case 'not':
      return undefined;
    default:
      return leafSql(condition, parameters);
  }
}

function leafSql(leaf: Leaf, parameters: SqlParameters): string | undefined {
  switch (leaf.is) {
    case 'attribute': {
      const key = storableText(leaf.key);
      const { test } = leaf;
      const term =
        test.is === 'equal' && isWrittenOneWay(test.value) ? attributeTerm(key, jsonOf(test.value)) : keyTerm(key);
      return termSql(term, parameters);
    }
    case 'word':
      return leaf.field === 'span.status' && leaf.places.length === 1 && leaf.places[0] === errorCode
        ? 'b.error_count > 0'
        : undefined;
    case 'nanos': {
      // Of a duration that a block's longest has to reach.
      if (leaf.field !== 'span.duration' || leaf.operator === 'lt' || leaf.operator === 'lte') return undefined;
      if (leaf.nanos > maxInt8) return 'false';
      return `b.duration_ns_max ${leaf.operator === 'gt' ? '>' : '>='} ${parameters.add(leaf.nanos < 0n ? -1n : leaf.nanos, 'int8')}`;
    }
    case 'text':
      return undefined;
  }
}

function anyOf(terms: readonly number[], parameters: SqlParameters): string {
  return `(${terms.map((term) => termSql(term, parameters)).join(' OR ')})`;
}

/** The bits of a term are all set. */
function termSql(term: number, parameters: SqlParameters): string {
  const bits = bitsOf(term).map(
    (bit) => `get_bit(b.filter, ${parameters.add(bit, 'int8')} & (octet_length(b.filter) * 8 - 1)) = 1`,
  );
  return `(${bits.join(' AND ')})`;
}
