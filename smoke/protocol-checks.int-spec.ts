import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { checkProtocols, type CheckResult } from './protocol-checks.ts';
import { query } from '@spandrel/embedded/postgres';

/** The smoke test makes more checks than this. */
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
    tempoUrl: `http://${store.tempoAddress}`,
    databaseUrl: database.url,
    headers: {},
  });
}

/** The console is not built for this test. */
const withoutPage = ({ name }: CheckResult): boolean => name !== 'page';
const failedOf = (results: readonly CheckResult[]): readonly string[] => [
  ...new Set(
    results
      .filter(({ ok }) => !ok)
      .filter(withoutPage)
      .map(({ protocol }) => protocol),
  ),
];

describe('checkProtocols, on a store that created ps_trace_reader', () => {
  beforeAll(() => start('shared'));
  afterAll(stop);

  it('finds its traces through every protocol', async () => {
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
        'Tempo HTTP',
        'Tempo gRPC',
        'SQL, as reader',
      ]),
    );
  });
});

describe('checkProtocols, on a store without the right to use ps_trace_reader', () => {
  beforeAll(() => start('other'));
  afterAll(stop);

  it('fails for the SQL page and for SQL as the reader until the role is granted', async () => {
    const results = await check();
    expect(failedOf(results)).toEqual(['SQL page', 'SQL, as reader']);
    for (const { found } of results.filter(({ ok }) => !ok).filter(withoutPage)) {
      expect(found).toContain('ps_trace_reader');
    }
    const { username } = new URL(database.url);
    await query(database.superuserUrl, `GRANT ps_trace_reader TO ${username}`);
    expect(failedOf(await check())).toEqual([]);
  });

  it('fails when a dashboard query cannot read its view', async () => {
    await query(database.superuserUrl, 'REVOKE SELECT ON ps_trace.span FROM ps_trace_reader');
    const failed = failedOf(await check());
    await query(database.superuserUrl, 'GRANT SELECT ON ps_trace.span TO ps_trace_reader');
    expect(failed).toEqual(['SQL page', 'SQL, as reader']);
  });
});
