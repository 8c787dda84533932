import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countNewCalls, prepareForRuns } from '../apps/tracestore/src/aggregate/aggregation-run.js';
import { installTimescale } from '../apps/tracestore/src/schema/capabilities.js';
import { migrate } from '../apps/tracestore/src/schema/migration.js';
import type { BruteSpan } from '@spandrel/testing/call-aggregates';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { insertSpans } from '@spandrel/testing/insert-spans';
import { parse } from 'yaml';
import { bindQuery, type BoundQuery } from '../dashboards/query.ts';
import { readSqlAlert, sqlAlertFile, sqlAlerts } from './sql-alerts.ts';

/** Calls of the last hours, one each 10 s. */
const everyMs = 10_000;
const hours = 7;
const nowMs = Math.floor(Date.now() / everyMs) * everyMs;

interface Service {
  readonly name: string;
  /** Whether the call that started this long ago failed, and how long it took. */
  readonly isError: (agoMs: number, n: number) => boolean;
  readonly durationMs: (agoMs: number, n: number) => number;
  /** Only the calls of this time; by default, all. */
  readonly lastMs?: number;
}

const minuteMs = 60_000;
const never = (): boolean => false;
const fast = (): number => 20;
const services: readonly Service[] = [
  { name: 'good', isError: never, durationMs: fast },
  // 1 of 4: 25 times the budget of 1 %.
  { name: 'failing', isError: (_agoMs, n) => n % 4 === 0, durationMs: fast },
  // It failed until half an hour ago.
  { name: 'recovered', isError: (agoMs, n) => agoMs > 35 * minuteMs && n % 4 === 0, durationMs: fast },
  { name: 'slow', isError: never, durationMs: () => 3_000 },
  { name: "rare'; DROP SCHEMA ps_trace", isError: () => true, durationMs: fast, lastMs: 5 * minuteMs },
];

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await installTimescale(client);
  await migrate(client);
  await prepareForRuns(client);
  await client.query(
    `UPDATE tracestore.call_state SET rolled_5m = date_bin('1 hour', $1, 'epoch'), rolled_1h = date_bin('1 hour', $1, 'epoch'),
       transaction_id = pg_current_xact_id()`,
    [new Date(nowMs - (hours + 1) * 60 * minuteMs)],
  );
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT id, name, 2, 'GET /' FROM unnest($1::int8[], $2::text[]) AS o (id, name)`,
    [services.map((_, index) => index + 1), services.map(({ name }) => name)],
  );
  await insertSpans(client, services.flatMap(spansOf));
  for (let pass = 0; pass < 3; pass += 1) await countNewCalls(client, 1_000_000);
  await client.query('SET ROLE ps_trace_reader');
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

function spansOf(
  { isError, durationMs, lastMs = hours * 60 * minuteMs }: Service,
  index: number,
): readonly BruteSpan[] {
  return Array.from({ length: lastMs / everyMs }, (_, n) => {
    // Younger spans are not aggregated yet.
    const agoMs = 20_000 + n * everyMs;
    const startNs = BigInt(nowMs - agoMs) * 1_000_000n;
    return {
      traceId: `${index + 1}${n}`.padStart(32, '0'),
      spanId: 1n,
      parentSpanId: undefined,
      startNs,
      endNs: startNs + BigInt(durationMs(agoMs, n)) * 1_000_000n,
      operationId: BigInt(index + 1),
      instance: 0,
      isError: isError(agoMs, n),
    };
  });
}

function statementOf(uid: string): BoundQuery {
  const alert = sqlAlerts.find((one) => one.uid === uid);
  if (alert === undefined) throw new Error(`there is no alert ${uid}`);
  return bindQuery(readSqlAlert(alert), alert.values);
}

/** The services that alert, as Grafana compares them. */
async function alerting(uid: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ service_name: string; budget_burn: number }>(statementOf(uid));
  return rows.filter(({ budget_burn }) => budget_burn > 1).map((row) => row.service_name);
}

describe('alerts on SQL, run with the rights of Grafana', () => {
  it('find the services that fail now, and no longer those that have recovered', async () => {
    expect(await alerting('spandrel-service-errors-critical')).toEqual(['failing']);
  });

  it('find the services that have used much of the budget of days', async () => {
    expect([...(await alerting('spandrel-service-errors-warning'))].toSorted()).toEqual(['failing', 'recovered']);
  });

  it('find the slow services', async () => {
    expect(await alerting('spandrel-service-slow')).toEqual(['slow']);
  });

  it('return each service with enough calls once, with one number, as Grafana needs it', async () => {
    for (const alert of sqlAlerts) {
      const { rows, fields } = await client.query<{ service_name: string }>(statementOf(alert.uid));
      expect(fields.map(({ name }) => name)).toEqual(['service_name', 'budget_burn']);
      expect(rows.map((row) => row.service_name).toSorted()).toEqual(['failing', 'good', 'recovered', 'slow']);
    }
  });

  it('run as Grafana has them in its file, which has no variables', async () => {
    const text = sqlAlertFile();
    expect(text).not.toContain('$');
    const { groups } = parse(text) as {
      readonly groups: readonly {
        readonly rules: readonly { readonly data: readonly { readonly model: { readonly rawSql?: string } }[] }[];
      }[];
    };
    const statements = groups.flatMap(({ rules }) =>
      rules.flatMap(({ data }) => data.flatMap(({ model }) => model.rawSql ?? [])),
    );
    expect(statements).toHaveLength(sqlAlerts.length);
    for (const statement of statements) await client.query(statement);
  });
});
