import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { query } from '@spandrel/embedded/postgres';
import { type BuiltStore, startBuiltStore } from '@spandrel/testing/built-store';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';

// The built store and the command `migrate` as processes.

let database: FreshDatabase;
let gate: DatabaseGate;
const stores: BuiltStore[] = [];

beforeEach(async () => {
  database = await createFreshDatabase();
  gate = await startDatabaseGate(database.url);
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.stop()));
  await gate.close();
  await database.drop();
});

async function startStore(url: string, environment: Readonly<Record<string, string>> = {}): Promise<BuiltStore> {
  const store = await startBuiltStore(url, { LOG_LEVEL: 'info', ...environment }, 'livez');
  stores.push(store);
  return store;
}

/** Runs the command as a Job does. @returns its log, and with a failure also its standard error */
async function migrate(url: string): Promise<{ readonly code: number; readonly output: string }> {
  const options = { env: { PATH: process.env['PATH'], TRACESTORE_DATABASE_URL: url, LOG_LEVEL: 'info' } };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/apps/tracestore/migrate.js'], options);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as {
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return { code, output: `${stdout}${stderr}` };
  }
}

it('a store logs the migration that it applies, and the command continues after the store was killed', async () => {
  const held = gate.holdBefore('CREATE INDEX link_by_linked_span');
  const store = await startStore(gate.url);
  await held;
  expect(store.output()).toContain('Applies 0011-runs.sql');
  await expect.poll(() => store.output()).toContain('Applies 0012-linking-spans.sql');
  expect(await (await fetch(`${store.url}/readyz`)).text()).toContain('0012-linking-spans.sql has been running for');
  process.kill(store.process.pid, 'SIGKILL');
  await store.process.exited;
  await gate.close();

  const waiting = await startStore(database.url, { TRACESTORE_MIGRATIONS: 'wait' });
  await expect
    .poll(async () => (await fetch(`${waiting.url}/readyz`)).text())
    .toContain('lacks migration 0012-linking-spans.sql');
  const { code, output } = await migrate(database.url);
  expect([code, output]).toEqual([0, expect.stringContaining('Applies 0012-linking-spans.sql')]);
  expect(output).not.toContain('0011-runs.sql');
  await expect.poll(async () => (await fetch(`${waiting.url}/readyz`)).status).toBe(200);
  expect(await migrate(database.url)).toMatchObject({
    code: 0,
    output: expect.stringContaining('no migration was missing') as string,
  });
});

it('the command ends with 1 and one sentence if a newer version of the database does not admit it', async () => {
  expect((await migrate(database.url)).code).toBe(0);
  await query(
    database.url,
    `INSERT INTO tracestore.migration (name, checksum, admits) VALUES ('9999-next.sql', 'x', 9999)`,
  );
  const { code, output } = await migrate(database.url);
  expect(code).toBe(1);
  expect(output).toContain('which admits builds from schema 9999 on');
});
