import {
  attributeTerm,
  errorTerm,
  idTerm,
  keyTerm,
  lastLog2Bucket,
  numbersOf,
  log2BucketOf,
  log2BucketTerm,
  saltShift,
  serviceTerm,
} from '../../storage/block-filter.js';
import { storableText } from '../../storage/attribute-json.js';
import type { Condition, Leaf } from './condition.js';
import { isWrittenOneWay, jsonOf } from './constant.js';
import type { DictionaryCondition, SearchCondition } from './search-condition.js';
import type { SqlParameters } from './sql-parameters.js';

/*
 * What the blocks of spans say of a condition, as SQL: whether the block `b` may have a span that fulfils it. Where that
 * is false, no span of the block does. It is the filter of the block that says so, its longest duration or its errors.
 */

/** Looking for more than so many terms takes longer than looking at the spans. */
const maxTerms = 16;

/** So many operations are looked for one by one rather than by their service. */
const fewOperations = 4;

/** Octaves of durations that are told apart: those of a microsecond and of a millisecond are 10 apart. */
const maxOctaves = 12;

const maxInt8 = 2n ** 63n - 1n;

/** The place of `error` among the status codes. */
const errorCode = 2;

type NanosLeaf = Leaf & { readonly is: 'nanos' };

/**
 * @param isRare whether next to no block may have such a span, as far as is known
 * @param longestNs what spans last at the most, as far as is known: longer ones are only not told apart
 * @returns undefined when blocks say nothing of the condition
 */
export function blockSql(
  condition: SearchCondition,
  isRare: boolean,
  longestNs: number,
  parameters: SqlParameters,
): string | undefined {
  const parts = partsOf(condition);
  const columns = parts.map(columnSql).filter((part) => part !== undefined);
  const bits = conjunctionSql(parts, longestNs, parameters);
  // Of bits the planner expects that next to none are set, and goes through all blocks at once, with all cores, rather
  // than in their order until there are enough. Of a CASE it expects that it is true for every other row.
  if (isRare) columns.push(...bits);
  else if (bits.length > 0) columns.push(`CASE WHEN ${bits.join(' AND ')} THEN true ELSE false END`);
  return columns.length === 0 ? undefined : columns.join(' AND ');
}

/** Whether it is of use to know what spans last at the most. */
export function isAboutDuration(condition: SearchCondition): boolean {
  return partsOf(condition).some((part) => isAtLeast(part) || isAtMost(part));
}

/** What has to hold at once. */
function partsOf(condition: SearchCondition): readonly SearchCondition[] {
  return condition.is === 'and' ? condition.conditions : [condition];
}

/** What a column with statistics says. */
function columnSql(part: SearchCondition): string | undefined {
  if (isError(part)) return 'b.error_count > 0';
  if (!isAtLeast(part)) return undefined;
  return part.nanos > maxInt8 ? 'false' : `b.duration_ns_max >= ${part.nanos < 0n ? 0n : part.nanos}`;
}

/**
 * What the filter says of parts that all have to hold. Of a part such as "has the status error, or an attribute that says
 * so", either way is combined with the other parts, because a block knows the errors of each service.
 */
function conjunctionSql(parts: readonly SearchCondition[], longestNs: number, parameters: SqlParameters): string[] {
  const either = parts.find((part) => part.is === 'or' && part.conditions.some(isError));
  if (either?.is !== 'or') return filterSql(parts, longestNs, parameters);
  const others = parts.filter((part) => part !== either);
  const error = either.conditions.filter(isError).slice(0, 1);
  const elsewise = either.conditions.filter((part) => !isError(part));
  const before = parameters.values.length;
  const ways = [error, elsewise.length === 0 ? [] : [{ is: 'or', conditions: elsewise } as const]]
    .filter((way) => way.length > 0)
    .map((way) => {
      const all = [...others, ...way];
      return [...way.map(columnSql).filter((part) => part !== undefined), ...filterSql(all, longestNs, parameters)];
    });
  if (ways.every((way) => way.length > 0)) return [`(${ways.map((way) => `(${way.join(' AND ')})`).join(' OR ')})`];
  parameters.dropFrom(before);
  return filterSql(others, longestNs, parameters);
}

/** What the filter says of parts that all have to hold. */
function filterSql(parts: readonly SearchCondition[], longestNs: number, parameters: SqlParameters): string[] {
  const failed = parts.some(isError);
  const octaves = octavesOf(parts, log2BucketOf(longestNs));
  // The first that is false decides, and what a service is asked for with says more than the service, which most blocks have.
  const byMeaning = parts.toSorted((a, b) => Number(a.is === 'dictionary') - Number(b.is === 'dictionary'));
  return byMeaning.flatMap((part) => {
    if (part.is !== 'dictionary') return maySql(part, longestNs, parameters) ?? [];
    const subjects = subjectsOf(part);
    if (subjects === undefined) return [];
    if (part.table !== 'operation') return anyOf(subjects, parameters);
    const outcomes: string[] = [];
    if (failed) outcomes.push(anyOf(subjects.map(errorTerm), parameters));
    if (octaves !== undefined) outcomes.push(octavesSql(subjects, octaves, parameters));
    return outcomes.length > 0 ? outcomes : anyOf(subjects, parameters);
  });
}

function maySql(condition: SearchCondition, longestNs: number, parameters: SqlParameters): string | undefined {
  switch (condition.is) {
    case 'and': {
      const columns = condition.conditions.map(columnSql).filter((part) => part !== undefined);
      const parts = [...columns, ...filterSql(condition.conditions, longestNs, parameters)];
      return parts.length === 0 ? undefined : `(${parts.join(' AND ')})`;
    }
    case 'or': {
      const before = parameters.values.length;
      const parts = condition.conditions.map((part) => columnSql(part) ?? maySql(part, longestNs, parameters));
      if (!parts.includes(undefined)) return `(${parts.join(' OR ')})`;
      parameters.dropFrom(before);
      return undefined;
    }
    case 'some':
      return maySql(condition.condition, longestNs, parameters);
    case 'dictionary': {
      const subjects = subjectsOf(condition);
      return subjects === undefined ? undefined : anyOf(subjects, parameters);
    }
    case 'attribute': {
      const key = storableText(condition.key);
      const { test } = condition;
      const stored = test.is === 'list' ? test.list.stored : undefined;
      if (stored !== undefined) {
        const terms = stored.map((json) => attributeTerm(key, json));
        return anyOf(terms, parameters);
      }
      const isWhole = test.is === 'equal' && isWrittenOneWay(test.value);
      return anyOf([isWhole ? attributeTerm(key, jsonOf(test.value)) : keyTerm(key)], parameters);
    }
    default:
      return undefined;
  }
}

/** The terms of which a block with a span of such a row has at least one; undefined when they are too many. */
function subjectsOf({ table, ids, condition }: DictionaryCondition): readonly number[] | undefined {
  const terms = ids?.map((id) => idTerm(BigInt(id)));
  const services = table === 'operation' ? servicesOf(condition) : undefined;
  const fewest = terms !== undefined && terms.length <= fewOperations ? terms : (services?.map(serviceTerm) ?? terms);
  return fewest === undefined || fewest.length > maxTerms ? undefined : fewest;
}

/** The services of which one has an operation that fulfils a condition; undefined when it may be any. */
function servicesOf(condition: Condition): readonly string[] | undefined {
  switch (condition.is) {
    case 'text':
      return condition.field === 'resource.service' && condition.test.is === 'equal'
        ? [storableText(condition.test.text)]
        : undefined;
    case 'and':
      return condition.conditions.map(servicesOf).find((services) => services !== undefined);
    case 'or': {
      const some = condition.conditions.map(servicesOf);
      return some.includes(undefined) ? undefined : some.flatMap((services) => services ?? []);
    }
    default:
      return undefined;
  }
}

interface Octaves {
  readonly first: number;
  /** Those behind it may be, or not. */
  readonly last: number;
  /** Longer ones than of the last octave are possible. */
  readonly isOpen: boolean;
}

/** Of what durations a span is that fulfils all parts; undefined when it may be of any. @param longest octave that there is */
function octavesOf(parts: readonly SearchCondition[], longest: number): Octaves | undefined {
  const least = parts.filter(isAtLeast).map(({ nanos }) => log2BucketOf(Number(nanos)));
  const most = parts.filter(isAtMost).map(({ nanos }) => log2BucketOf(Number(nanos)));
  const first = Math.max(0, ...least);
  const end = Math.min(lastLog2Bucket, ...most);
  if (first === 0 && most.length === 0) return undefined;
  const last = Math.max(first, Math.min(end, longest, first + maxOctaves - 1));
  return { first, last, isOpen: last < end };
}

/** One of some services or operations has a span of one of some octaves. */
function octavesSql(subjects: readonly number[], { first, last, isOpen }: Octaves, parameters: SqlParameters): string {
  const parts = Array.from({ length: last - first + 1 }, (_, n) => {
    const octave = first + n;
    const terms = subjects.map((subject) => log2BucketTerm(subject, octave));
    // Most blocks have nothing that is much longer, and need not be asked.
    return `(b.duration_ns_max >= ${octave === 0 ? 0 : 2n ** BigInt(octave)} AND ${anyOf(terms, parameters)})`;
  });
  if (isOpen) parts.push(`b.duration_ns_max >= ${2n ** BigInt(last + 1)}`);
  return `(${parts.join(' OR ')})`;
}

function isError(part: SearchCondition): boolean {
  return part.is === 'word' && part.field === 'span.status' && part.places.every((place) => place === errorCode);
}

function isAtLeast(part: SearchCondition): part is NanosLeaf {
  return part.is === 'nanos' && part.field === 'span.duration' && !/^lte?$/.test(part.operator);
}

function isAtMost(part: SearchCondition): part is NanosLeaf {
  return part.is === 'nanos' && part.field === 'span.duration' && !/^gte?$/.test(part.operator);
}

/** All bits of one of some terms are set. */
function anyOf(terms: readonly number[], parameters: SqlParameters): string {
  return terms.length === 1 && terms[0] !== undefined
    ? termSql(terms[0], parameters)
    : `(${terms.map((term) => termSql(term, parameters)).join(' OR ')})`;
}

function termSql(term: number, parameters: SqlParameters): string {
  const bits = numbersOf(term).map((number) => {
    const product = `b.salt * ${parameters.add(number, 'int8')} & ${2 ** 32 - 1}`;
    const bit = `((${product}) >> ${saltShift}) % (octet_length(b.filter) * 8)`;
    return `get_bit(b.filter, ${bit}) = 1`;
  });
  return `(${bits.join(' AND ')})`;
}
