import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { createReaderLogin, type ReaderLogin } from '@spandrel/testing/reader-login';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';

/**
 * Queries that were published for Promscale, one a `.sql` file, which are not ours to keep here. Their macros and
 * variables are Grafana's; what uses each construct of them, and must be right, is in promscale-surface.int-spec.ts.
 */
const folder = process.env['PROMSCALE_QUERIES'];

const variables: Readonly<Record<string, string>> = {
  service: 'lower',
  operation: 'GET /',
  span_name: 'GET /',
  __interval: '1m',
};

let database: FreshDatabase;
let reader: ReaderLogin;

describe.skipIf(folder === undefined)('queries published for Promscale (requires PROMSCALE_QUERIES)', () => {
  beforeAll(async () => {
    database = await createFreshDatabase();
    const store = await startTracestore(database.url);
    // Some ask for the last minute.
    await sendPasswordTraces(store, Date.now() - 15_000);
    await store.stop();
    reader = await createReaderLogin(database.url);
  });

  afterAll(async () => {
    await reader.drop();
    await database.drop();
  });

  it.each(folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.sql')))(
    '%s runs unchanged and finds something',
    async (name) => {
      const sql = readFileSync(path.join(folder ?? '', name), 'utf8');
      // What changes the store is for its owner alone.
      const url = /\bset_trace_retention_period\b/.test(sql) ? database.url : reader.url;
      expect((await queryOnce(url, expand(sql))).length).toBeGreaterThan(0);
    },
  );
});

/** Fills in what Grafana would, for the last 15 minutes. */
function expand(sql: string): string {
  const to = new Date(Date.now() + 1000);
  const from = new Date(to.getTime() - 900_000);
  const seconds = (time: Date): string => String(Math.floor(time.getTime() / 1000));
  return sql
    .replace(/\$__timeFilter\(([^)]*)\)/g, `$1 BETWEEN '${from.toISOString()}' AND '${to.toISOString()}'`)
    .replaceAll('${__from:date:seconds}', seconds(from))
    .replaceAll('${__to:date:seconds}', seconds(to))
    .replace(/\$\{(\w+):sqlstring\}/g, (_, name: string) => `'${variables[name]}'`)
    .replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced: string, plain: string) => variables[braced ?? plain] ?? '');
}
