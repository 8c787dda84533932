import { storableText } from '../../storage/attribute-json.js';
import {
  attributeTerm,
  errorTerm,
  idTerm,
  keyTerm,
  lastLog2Bucket,
  numbersOf,
  log2BucketOf,
  log2BucketTerm,
  serviceTerm,
} from '../../storage/block-filter.js';
import { allOf, anyOf, constant, type Fragment, type NoArguments, readFragments } from '../../sql.js';
import type { Condition, DictionaryCondition, Leaf } from './condition.js';
import { isWrittenOneWay, jsonOf } from './constant.js';

/*
 * A condition as SQL about the block `b`: false only where no span of the block passes the condition. The Bloom filter of the
 * block decides, its longest duration, or its number of errors.
 */

const tests = readFragments<{
  readonly has_errors: NoArguments;
  readonly has_duration: { readonly duration_ns: string };
  readonly has_term: { readonly numbers: readonly number[] };
  readonly as_half: { readonly condition: Fragment };
}>(import.meta.url, 'block-tests.sql', ['has_errors', 'has_duration', 'has_term', 'as_half']);

/** Testing more terms than this takes longer than reading the spans. */
const maxTerms = 16;

/** This many operations are tested one by one rather than by their service. */
const fewOperations = 4;

/** How many log2 buckets of durations are tested one by one: those of a microsecond and of a millisecond are 10 apart. */
const maxLog2Buckets = 12;

const maxInt8 = 2n ** 63n - 1n;

/** OTLP's number of the status `error`. */
const errorStatus = 2;

type TimeLeaf = Leaf & { readonly is: 'time' };

/**
 * Write the test of a block for a condition: it is false if no span of the block passes.
 *
 * @param isRare whether very few blocks pass, as far as is known
 * @param longestNs the longest duration of a span, as far as is known: the buckets above it are not tested one by one
 * @returns undefined when blocks tell nothing about the condition
 */
export function blockCondition(condition: Condition, isRare: boolean, longestNs: number): Fragment | undefined {
  const parts = conjunctsOf(condition);
  const columns = parts.map(columnTest).filter((part) => part !== undefined);
  const bits = conjunctionTests(parts, longestNs);
  // The planner estimates that a test of bits is almost never true. It then reads all blocks at once, on all cores, which is
  // right for what is rare.
  if (isRare) columns.push(...bits);
  else if (bits.length > 0) columns.push(tests.as_half.fragment({ condition: allOf(bits) }));
  return columns.length === 0 ? undefined : allOf(columns);
}

/** Whether the longest duration of a span matters for a condition. */
export function testsDuration(condition: Condition): boolean {
  return conjunctsOf(condition).some((part) => isAtLeast(part) || isAtMost(part));
}

/** The parts that must all hold. */
function conjunctsOf(condition: Condition): readonly Condition[] {
  return condition.is === 'and' ? condition.conditions : [condition];
}

/** The test of a column. The planner has statistics of it. */
function columnTest(part: Condition): Fragment | undefined {
  if (isError(part)) return tests.has_errors.fragment();
  return isAtLeast(part) ? lastsAtLeast(part.valueNs) : undefined;
}

function lastsAtLeast(durationNs: bigint): Fragment {
  if (durationNs > maxInt8) return constant(false);
  return tests.has_duration.fragment({ duration_ns: String(durationNs < 0n ? 0n : durationNs) });
}

/**
 * The tests of the filter for parts that must all hold. Where one part is an alternative, such as "the status is error, or an
 * attribute says so", each alternative is combined with the other parts, because a block knows the errors of each service.
 */
function conjunctionTests(parts: readonly Condition[], longestNs: number): readonly Fragment[] {
  const alternative = parts.find((part) => part.is === 'or' && part.conditions.some(isError));
  if (alternative?.is !== 'or') return filterTests(parts, longestNs);
  const others = parts.filter((part) => part !== alternative);
  const error = alternative.conditions.filter(isError).slice(0, 1);
  const rest = alternative.conditions.filter((part) => !isError(part));
  const ways = [error, rest.length === 0 ? [] : [{ is: 'or', conditions: rest } as const]]
    .filter((way) => way.length > 0)
    .map((way) => [
      ...way.map(columnTest).filter((part) => part !== undefined),
      ...filterTests([...others, ...way], longestNs),
    ]);
  return ways.every((way) => way.length > 0) ? [anyOf(ways.map(allOf))] : filterTests(others, longestNs);
}

/** The tests of the filter for parts that must all hold. */
function filterTests(parts: readonly Condition[], longestNs: number): readonly Fragment[] {
  const hasError = parts.some(isError);
  const buckets = log2BucketsOf(parts, log2BucketOf(longestNs));
  // PostgreSQL stops at the first test that is false. Most blocks have the service, so the tests of other parts come first.
  const rarestFirst = parts.toSorted((a, b) => Number(a.is === 'dictionary') - Number(b.is === 'dictionary'));
  return rarestFirst.flatMap((part) => {
    if (part.is !== 'dictionary') return mayPass(part, longestNs) ?? [];
    const terms = termsOf(part);
    if (terms === undefined) return [];
    if (part.table !== 'operation') return anyTerm(terms);
    const outcomes: Fragment[] = [];
    if (hasError) outcomes.push(anyTerm(terms.map(errorTerm)));
    if (buckets !== undefined) outcomes.push(anyLog2Bucket(terms, buckets));
    return outcomes.length > 0 ? outcomes : anyTerm(terms);
  });
}

/** The test of a block: false if no span of it passes; undefined when it tells nothing. */
function mayPass(condition: Condition, longestNs: number): Fragment | undefined {
  switch (condition.is) {
    case 'and': {
      const columns = condition.conditions.map(columnTest).filter((part) => part !== undefined);
      const parts = [...columns, ...filterTests(condition.conditions, longestNs)];
      return parts.length === 0 ? undefined : allOf(parts);
    }
    case 'or': {
      const parts = condition.conditions.map((part) => columnTest(part) ?? mayPass(part, longestNs));
      return parts.every((part) => part !== undefined) ? anyOf(parts) : undefined;
    }
    case 'some':
      return mayPass(condition.condition, longestNs);
    case 'dictionary': {
      const terms = termsOf(condition);
      return terms === undefined ? undefined : anyTerm(terms);
    }
    case 'attribute': {
      const key = storableText(condition.key);
      const { test } = condition;
      const stored = test.is === 'list' ? test.list.stored : undefined;
      if (stored !== undefined) return anyTerm(stored.map((json) => attributeTerm(key, json)));
      const hasOneForm = test.is === 'equal' && isWrittenOneWay(test.value);
      return anyTerm([hasOneForm ? attributeTerm(key, jsonOf(test.value)) : keyTerm(key)]);
    }
    default:
      return undefined;
  }
}

/** The terms of the spans that refer to such a row: their block has at least one of them. Undefined if there are too many. */
function termsOf({ table, ids, condition }: DictionaryCondition): readonly number[] | undefined {
  const terms = ids?.map((id) => idTerm(BigInt(id)));
  const services = table === 'operation' ? servicesOf(condition) : undefined;
  const fewest = terms !== undefined && terms.length <= fewOperations ? terms : (services?.map(serviceTerm) ?? terms);
  return fewest === undefined || fewest.length > maxTerms ? undefined : fewest;
}

/** The services of the operations that pass a condition; undefined when these can be any. */
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

/** A range of log2 buckets of durations. */
interface Log2Buckets {
  readonly first: number;
  readonly last: number;
  /** Durations above the last bucket pass, too. */
  readonly isOpen: boolean;
}

/**
 * The log2 buckets of the spans that pass all parts; undefined when these can be any.
 *
 * @param longest the highest bucket that spans have
 */
function log2BucketsOf(parts: readonly Condition[], longest: number): Log2Buckets | undefined {
  const least = parts.filter(isAtLeast).map(({ valueNs }) => log2BucketOf(Number(valueNs)));
  const most = parts.filter(isAtMost).map(({ valueNs }) => log2BucketOf(Number(valueNs)));
  const first = Math.max(0, ...least);
  const end = Math.min(lastLog2Bucket, ...most);
  if (first === 0 && most.length === 0) return undefined;
  const last = Math.max(first, Math.min(end, longest, first + maxLog2Buckets - 1));
  return { first, last, isOpen: last < end };
}

/** Whether a service or operation has a span in one of the log2 buckets. */
function anyLog2Bucket(terms: readonly number[], { first, last, isOpen }: Log2Buckets): Fragment {
  const parts = Array.from({ length: last - first + 1 }, (_, n) => {
    const bucket = first + n;
    const bucketTerms = terms.map((term) => log2BucketTerm(term, bucket));
    // Most blocks have no duration that is much longer, so their bits need no test.
    return allOf([lastsAtLeast(bucket === 0 ? 0n : 2n ** BigInt(bucket)), anyTerm(bucketTerms)]);
  });
  if (isOpen) parts.push(lastsAtLeast(2n ** BigInt(last + 1)));
  return anyOf(parts);
}

function isError(part: Condition): boolean {
  return part.is === 'enum' && part.field === 'span.status' && part.positions.every((code) => code === errorStatus);
}

function isAtLeast(part: Condition): part is TimeLeaf {
  return part.is === 'time' && part.field === 'span.duration' && !/^lte?$/.test(part.operator);
}

function isAtMost(part: Condition): part is TimeLeaf {
  return part.is === 'time' && part.field === 'span.duration' && !/^gte?$/.test(part.operator);
}

/** Whether all bits of one of the terms are set. */
function anyTerm(terms: readonly number[]): Fragment {
  return anyOf(terms.map((term) => tests.has_term.fragment({ numbers: numbersOf(term) })));
}
