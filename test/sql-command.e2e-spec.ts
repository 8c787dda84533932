import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { queryOnce } from '@spandrel/testing/running-tracestore';

const root = path.dirname(import.meta.dirname);

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase({ timescale: false });
  await queryOnce(database.url, 'CREATE TABLE noted (at timestamptz)');
});

afterAll(() => database.drop());

/** What `npm run sql -- -c` prints. */
function runSql(script: string): Promise<string> {
  return new Promise((resolve) => {
    const env = { ...process.env, TRACESTORE_DATABASE_URL: database.url, NO_COLOR: '1' };
    execFile(process.execPath, ['stack/sql.ts', '-c', script], { cwd: root, env }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

describe('npm run sql', () => {
  it('replaces times by literals, prints them, and commits what a function of a query has written', async () => {
    await queryOnce(
      database.url,
      'CREATE FUNCTION note() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO noted VALUES (now()) RETURNING at $$',
    );
    const printed = await runSql(
      `SELECT note() - now() AS age WHERE note() > now() - interval '1 hour'; SELECT 2 AS two`,
    );
    expect(printed).toMatch(/^now\(\) - interval '1 hour' is \d{4}-\d\d-\d\dT/m);
    expect(printed).toMatch(/00:00:00[^]*two\n/);
    expect(await queryOnce(database.url, 'SELECT FROM noted')).toHaveLength(2);
  });

  it('names the place of an error in the script as it was written', async () => {
    expect(await runSql(`SELECT 1 WHERE now() > 'epoch'\n AND now() > wrong`)).toContain(
      'ERROR 42703 at line 2, column 14: column "wrong" does not exist',
    );
  });

  it('sends a script that does more than query as it is', async () => {
    const printed = await runSql(`DELETE FROM noted WHERE at <= now(); SELECT count(*) FROM noted WHERE at <= now()`);
    expect(printed).toMatch(/^DELETE 2\n/);
    expect(printed).not.toContain('now() is');
  });
});
