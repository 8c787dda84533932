import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracestore, startTracestore } from '../apps/tracestore/test/running-tracestore.js';
import { createFreshDatabase, type FreshDatabase } from '../test/fresh-database.ts';
import { checkProtocols, type CheckResult } from './protocol-checks.ts';
import { query } from './postgres.ts';

/** As many as a reader's connection has to wait for, at least. */
const leastChecks = 40;

let database: FreshDatabase;
let store: RunningTracestore;

async function start(owner: 'shared' | 'other'): Promise<void> {
  database = await createFreshDatabase({ owner });
  store = await startTracestore(database.url);
}

async function stop(): Promise<void> {
  await store.stop();
  await database.drop();
}

function check(): Promise<readonly CheckResult[]> {
  return checkProtocols({
    url: store.url,
    tracesUrl: store.tracesUrl,
    otlpGrpcAddress: store.grpcAddress,
    jaegerGrpcAddress: store.jaegerAddress,
    databaseUrl: database.url,
    headers: {},
  });
}

/** The page is built apart, and not for this test. */
const withoutPage = ({ name }: CheckResult): boolean => name !== 'page';
const failedOf = (results: readonly CheckResult[]): readonly string[] => [
  ...new Set(
    results
      .filter(({ ok }) => !ok)
      .filter(withoutPage)
      .map(({ protocol }) => protocol),
  ),
];

describe('the protocol checks of --smoke, on a store that made ps_trace_reader', () => {
  beforeAll(() => start('shared'));
  afterAll(stop);

  it('find their traces in every protocol', async () => {
    const results = await check();
    expect(results.filter(({ ok }) => !ok).filter(withoutPage)).toEqual([]);
    expect(results.length).toBeGreaterThan(leastChecks);
    expect(new Set(results.map(({ protocol }) => protocol))).toEqual(
      new Set([
        'OTLP',
        'HTTP',
        'Console',
        'SQL page',
        'Jaeger HTTP v1',
        'Jaeger HTTP v3',
        'Jaeger gRPC v2',
        'Jaeger gRPC v1',
        'SQL, as reader',
      ]),
    );
  });
});

describe('the protocol checks of --smoke, on a store that may not take the role ps_trace_reader', () => {
  beforeAll(() => start('other'));
  afterAll(stop);

  it('fail for the SQL page and for SQL as the reader, until the role is granted', async () => {
    const results = await check();
    expect(failedOf(results)).toEqual(['SQL page', 'SQL, as reader']);
    for (const { found } of results.filter(({ ok }) => !ok).filter(withoutPage)) {
      expect(found).toContain('ps_trace_reader');
    }
    const { username } = new URL(database.url);
    await query(database.superuserUrl, `GRANT ps_trace_reader TO ${username}`);
    expect(failedOf(await check())).toEqual([]);
  });

  it('fail when a query of the dashboards loses its view', async () => {
    await query(database.superuserUrl, 'REVOKE SELECT ON ps_trace.span FROM ps_trace_reader');
    const failed = failedOf(await check());
    await query(database.superuserUrl, 'GRANT SELECT ON ps_trace.span TO ps_trace_reader');
    expect(failed).toEqual(['SQL page', 'SQL, as reader']);
  });
});
