import { toJson } from '@bufbuild/protobuf';
import { parseQuery, type Static } from '@spandrel/traceql';
import {
  type AttributeValue,
  EvaluationError,
  type FoundTrace,
  RandomQuery,
  randomTraces,
  readTraces,
  reportSpan,
  search,
  type SpanModel,
  type TraceModel,
} from '@spandrel/traceql/testing';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { SeededChance } from '@spandrel/testing/random-spans';
import { post } from '@spandrel/testing/otlp-client';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueryDatabaseService } from '../query-database.service.js';
import { KeyValueSchema, type KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import type { TraceqlTrace } from './results.js';
import { TraceqlService } from './traceql.service.js';
import { keyValueOf } from './otlp-values.js';

/** `TRACEQL_QUERIES=20000` makes the test long, `TRACEQL_SEED` is another one. */
const queries = Number(process.env['TRACEQL_QUERIES'] ?? 300);
const seed = Number(process.env['TRACEQL_SEED'] ?? 1);
const traceCount = Number(process.env['TRACEQL_TRACES'] ?? 40);

/** A whole second in the past, so that intervals have borders there. */
const start = (BigInt(Date.now()) / 3_600_000n - 2n) * 3_600_000_000_000n;

let fresh: FreshDatabase;
let store: RunningTracestore;
let database: QueryDatabaseService;
let service: TraceqlService;
let traces: readonly TraceModel[];

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  database = new QueryDatabaseService({ databaseUrl: fresh.url, queryConnections: 4, queryTimeoutMs: 30_000 });
  service = new TraceqlService(database);
  const documents = randomTraces(new SeededChance(seed), traceCount, start);
  traces = readTraces(documents);
  for (const document of documents) {
    const { status, body } = await post(store.tracesUrl, JSON.stringify(document), {
      'content-type': 'application/json',
    });
    expect([status, body.toString()]).toEqual([200, '{}']);
  }
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await store.stop();
  await fresh.drop();
});

function anyValueOf(key: string, value: AttributeValue): unknown {
  return keyValueJson(keyValueOf(key, value as Static | undefined));
}

function keyValueJson(keyValue: KeyValue): unknown {
  return toJson(KeyValueSchema, keyValue);
}

/** An answer in a form that can be compared: sets of spans as sets. */
function expectedOf(text: string, found: readonly FoundTrace[]): unknown {
  const query = parseQuery(text);
  return found.map(({ trace, spansets }) => ({
    traceId: trace.traceId,
    spanSets: spansets.map(({ spans, attributes }) => ({
      matched: spans.length,
      attributes: [...attributes].map(([name, value]) => anyValueOf(name, value)),
      spans: sorted(spans.map((span) => expectedSpan(query, span))),
    })),
  }));
}

function expectedSpan(query: Parameters<typeof reportSpan>[0], span: SpanModel): unknown {
  const { name, fields } = reportSpan(query, span);
  return {
    spanId: span.spanId,
    name,
    startNs: span.start,
    durationNs: span.end - span.start,
    attributes: sorted(fields.map(({ key, value }) => anyValueOf(key, value))),
  };
}

function actualOf(found: readonly TraceqlTrace[]): unknown {
  return found
    .toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1))
    .map(({ traceId, spanSets }) => ({
      traceId,
      spanSets: spanSets.map(({ matched, attributes, spans }) => ({
        matched,
        attributes: attributes.map(keyValueJson),
        spans: sorted(spans.map((span) => ({ ...span, attributes: sorted(span.attributes.map(keyValueJson)) }))),
      })),
    }));
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return list
    .map((item) => [textOf(item), item] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}

function answerOf(text: string): unknown {
  try {
    return expectedOf(text, search(parseQuery(text), traces));
  } catch (error) {
    if (error instanceof EvaluationError) return error.message;
    throw error;
  }
}

async function storeAnswerOf(text: string): Promise<unknown> {
  try {
    const { traces: found } = await service.search({
      query: text,
      startNs: undefined,
      endNs: undefined,
      limit: 10_000,
      spansPerSpanSet: 1_000,
    });
    return actualOf(found);
  } catch (error) {
    if (error instanceof TracestoreError && error.kind === errorKinds.invalid) return error.detail;
    throw new Error(text, { cause: error });
  }
}

describe('a random search in TraceQL', () => {
  it('finds what the evaluation without a database finds', async () => {
    const random = new RandomQuery(new SeededChance(seed + 1));
    let notEmpty = 0;
    for (let n = 0; n < queries; n += 1) {
      const text = n % 3 === 0 ? random.filter() : random.search();
      const expected = answerOf(text);
      // A message is about any trace, and candidates may leave that one out.
      const actual = await storeAnswerOf(text);
      if (typeof expected === 'string') continue;
      expect(actual, text).toEqual(expected);
      if ((expected as readonly unknown[]).length > 0) notEmpty += 1;
    }
    expect(notEmpty).toBeGreaterThan(queries / 4);
  }, 3_600_000);
});
