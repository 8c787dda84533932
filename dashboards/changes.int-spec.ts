import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countNewCalls, prepareForRuns } from '../apps/tracestore/src/aggregate/aggregation-run.js';
import { installTimescale } from '../apps/tracestore/src/schema/capabilities.js';
import { migrate } from '../apps/tracestore/src/schema/migration.js';
import { type BruteSpan, classOf } from '@spandrel/testing/call-aggregates';
import { insertSpans } from '@spandrel/testing/insert-spans';
import { SeededChance } from '@spandrel/testing/random-spans';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { readQuery } from './all.ts';
import { bindQuery } from './query.ts';

const minuteMs = 60_000;
const fiveMinutesMs = 5 * minuteMs;
/** A multiple of ten seconds, far enough in the past to be aggregated. */
const toMs = Math.floor(Date.now() / 10_000) * 10_000 - minuteMs;
const cutMs = toMs - 5 * minuteMs;
const firstMs = toMs - 40 * minuteMs;

/** The behaviour of an operation: calls per minute, their error rate, and their longest duration. */
interface Behaviour {
  readonly perMinute: number;
  readonly errorShare: number;
  readonly maxMs: number;
}
const usual: Behaviour = { perMinute: 30, errorShare: 0.02, maxMs: 80 };
const none: Behaviour = { ...usual, perMinute: 0 };
/** The behaviour of each operation before, and in the last five minutes. */
const behaviours: Readonly<Record<string, readonly [Behaviour, Behaviour]>> = {
  steady: [usual, usual],
  busier: [usual, { ...usual, perMinute: 55 }],
  quieter: [usual, { ...usual, perMinute: 9 }],
  failing: [usual, { ...usual, errorShare: 0.4 }],
  slower: [usual, { ...usual, maxMs: 500 }],
  new: [none, { ...usual, perMinute: 40 }],
  gone: [usual, none],
  rare: [
    { ...usual, perMinute: 0.1 },
    { ...usual, perMinute: 0.2 },
  ],
  /** A single failed call, with none before, is not significant. */
  once: [
    { ...usual, perMinute: 1, errorShare: 0 },
    { ...usual, perMinute: 0.2, errorShare: 1 },
  ],
};
const names = Object.keys(behaviours);

let database: FreshDatabase;
let client: pg.Client;
let spans: readonly BruteSpan[];

beforeAll(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await installTimescale(client);
  await migrate(client);
  await prepareForRuns(client);
  const chance = new SeededChance(7);
  spans = Object.values(behaviours).flatMap(([before, now], index) => [
    ...spansOf(index, before, firstMs, cutMs, chance),
    ...spansOf(index, now, cutMs, toMs, chance),
  ]);
  await client.query(
    `UPDATE tracestore.call_state SET rolled_5m = date_bin('1 hour', $1, 'epoch'), rolled_1h = date_bin('1 hour', $1, 'epoch'),
       transaction_id = pg_current_xact_id()`,
    [new Date(firstMs)],
  );
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT id, 'service', 2, span_name FROM unnest($1::int8[], $2::text[]) AS o (id, span_name)`,
    [names.map((_, index) => index + 1), names],
  );
  await insertSpans(client, spans);
  for (let pass = 0; pass < 3; pass++) await countNewCalls(client, 1_000_000);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Traces of one span each, at equal distances from one time to another. */
function spansOf(
  index: number,
  behaviour: Behaviour,
  fromMs: number,
  endMs: number,
  chance: SeededChance,
): BruteSpan[] {
  const count = Math.round((behaviour.perMinute * (endMs - fromMs)) / minuteMs);
  return Array.from({ length: count }, (_, n) => {
    const startNs = BigInt(Math.floor(fromMs + ((n + 0.5) * (endMs - fromMs)) / count)) * 1_000_000n;
    return {
      traceId: Array.from({ length: 32 }, () => chance.below(16).toString(16)).join(''),
      spanId: BigInt(n + 1),
      parentSpanId: undefined,
      startNs,
      endNs: startNs + BigInt(1 + chance.below(behaviour.maxMs * 1_000)) * 1_000n,
      operationId: BigInt(index + 1),
      instance: 0,
      isError: chance.below(1_000) < behaviour.errorShare * 1_000,
    };
  });
}

interface Change {
  readonly span_name: string;
  readonly changed: string;
  readonly z_score: number;
}

async function queryChanges(from: Date, to: Date): Promise<readonly Change[]> {
  const query = readQuery('overview', 'changes.sql');
  const { rows } = await client.query<Change>(bindQuery(query, { from: from.toISOString(), to: to.toISOString() }));
  return rows;
}

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The expected result, computed from the single spans with textbook formulas. */
function expectedChanges(beforeIn: Period, nowIn: Period): readonly Change[] {
  const weight = (nowIn.toMs - nowIn.fromMs) / (beforeIn.toMs - beforeIn.fromMs);
  const changes = names.flatMap((name, index): readonly Change[] => {
    const own = spans.filter(({ operationId }) => operationId === BigInt(index + 1));
    const within = ({ fromMs, toMs: endMs }: Period) =>
      own.filter(({ startNs }) => startNs >= BigInt(fromMs) * 1_000_000n && startNs < BigInt(endMs) * 1_000_000n);
    const before = within(beforeIn);
    const now = within(nowIn);
    const classes = (of: readonly BruteSpan[]) =>
      of.map(({ startNs, endNs }) => classOf(endNs - startNs)).toSorted((a, b) => a - b);
    const p95 = (of: readonly BruteSpan[]) => classes(of)[Math.ceil(0.95 * of.length) - 1] ?? Number.NaN;
    const shares = (are: (span: BruteSpan) => boolean) => {
      const [x, y] = [before.filter(are).length, now.filter(are).length];
      const angle = (part: number, whole: number) => Math.asin(Math.sqrt((part + 3 / 8) / (whole + 3 / 4)));
      const spread = Math.sqrt(1 / (before.length + 1 / 2) + 1 / (now.length + 1 / 2));
      return {
        difference: y / now.length - x / before.length,
        z: (2 * (angle(y, now.length) - angle(x, before.length))) / spread,
      };
    };
    const hasBoth = before.length > 0 && now.length > 0;
    const expectedCalls = before.length * weight;
    const rate = (2 * (Math.sqrt(now.length + 3 / 8) - Math.sqrt(expectedCalls + 3 / 8))) / Math.sqrt(1 + weight);
    const usualP95 = p95(before);
    const failed = shares(({ isError }) => isError);
    const slow = shares(({ startNs, endNs }) => classOf(endNs - startNs) > usualP95);
    const candidates = [
      { changed: 'rate', z_score: Math.abs(now.length - expectedCalls) >= 0.2 * expectedCalls ? rate : 0 },
      { changed: 'errors', z_score: hasBoth && Math.abs(failed.difference) >= 0.01 ? failed.z : 0 },
      { changed: 'durations', z_score: hasBoth && Math.abs(p95(now) - usualP95) >= 2 ? slow.z : 0 },
    ];
    const [most] = candidates.toSorted((a, b) => Math.abs(b.z_score) - Math.abs(a.z_score));
    return most !== undefined && Math.abs(most.z_score) >= 3 ? [{ span_name: name, ...most }] : [];
  });
  return changes.toSorted((a, b) => Math.abs(b.z_score) - Math.abs(a.z_score));
}

function expectEqualChanges(actual: readonly Change[], expected: readonly Change[]): void {
  expect(actual.map(({ span_name, changed }) => `${span_name}: ${changed}`)).toEqual(
    expected.map(({ span_name, changed }) => `${span_name}: ${changed}`),
  );
  actual.forEach(({ z_score }, n) => expect(z_score).toBeCloseTo(expected[n]?.z_score ?? Number.NaN, 6));
}

describe('changes.sql', () => {
  it('returns operations with significant changes and the direction of each change', async () => {
    const rows = await queryChanges(new Date(toMs - 60 * minuteMs), new Date(toMs));
    const lastFiveMs = Math.floor(cutMs / fiveMinutesMs) * fiveMinutesMs;
    const before = { fromMs: lastFiveMs - 3 * fiveMinutesMs, toMs: lastFiveMs };
    expectEqualChanges(rows, expectedChanges(before, { fromMs: cutMs, toMs }));
    expect(
      Object.fromEntries(
        rows.map(({ span_name, changed, z_score }) => [span_name, `${z_score > 0 ? '+' : '-'}${changed}`]),
      ),
    ).toEqual({
      busier: '+rate',
      quieter: '-rate',
      failing: '+errors',
      slower: '+durations',
      new: '+rate',
      gone: '-rate',
    });
  });

  it('compares the two halves of a range of less than ten minutes', async () => {
    const rows = await queryChanges(new Date(toMs - 8 * minuteMs), new Date(toMs));
    const middleMs = toMs - 4 * minuteMs;
    expectEqualChanges(
      rows,
      expectedChanges({ fromMs: toMs - 8 * minuteMs, toMs: middleMs }, { fromMs: middleMs, toMs }),
    );
  });

  it('returns no rows without changes, for a new store, for less than a minute, and without spans', async () => {
    expect(await queryChanges(new Date(firstMs), new Date(cutMs))).toEqual([]);
    // The time before the first span does not count as time without calls.
    expect(await queryChanges(new Date(firstMs - 60 * minuteMs), new Date(firstMs + 17 * minuteMs))).toEqual([]);
    expect(await queryChanges(new Date(firstMs), new Date(firstMs + 50_000))).toEqual([]);
    expect(await queryChanges(new Date(firstMs - 7_200_000), new Date(firstMs - 3_600_000))).toEqual([]);
  });
});
