import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

it('the aggregation lag grows while no process can aggregate', async () => {
  const lag = async (): Promise<number | undefined> => {
    const text = await (await fetch(`${store.url}/metrics`)).text();
    const [, seconds] = /^tracestore_calls_lag_seconds (\S+)$/m.exec(text) ?? [];
    return seconds === undefined ? undefined : Number(seconds);
  };
  await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThanOrEqual(0);
  expect(await lag()).toBeLessThan(20);
  const blocker = new pg.Client(database.url);
  await blocker.connect();
  try {
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE tracestore.calls_lock IN EXCLUSIVE MODE');
    await queryOnce(database.url, `UPDATE tracestore.call_state SET counted_at = now() - interval '1 hour'`);
    await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThan(3_590);
  } finally {
    await blocker.end();
  }
  await expect.poll(lag, { timeout: 20_000 }).toBeLessThan(20);
});

it('/metrics has the text format of Prometheus', async () => {
  const response = await fetch(`${store.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text).toMatch(/^# HELP tracestore_ingest_spans_accepted_total .+\n# TYPE .+ counter$/m);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
});
