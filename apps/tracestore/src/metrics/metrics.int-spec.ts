import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '../../../../test/fresh-database.js';
import { type RunningTracestore, startTracestore } from '../../test/running-tracestore.js';

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

it('serves the metrics in the text format of Prometheus', async () => {
  const response = await fetch(`${store.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text).toMatch(/^# HELP tracestore_ingest_spans_accepted_total .+\n# TYPE .+ counter$/m);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
});
