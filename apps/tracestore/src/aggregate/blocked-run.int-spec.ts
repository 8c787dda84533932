import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { migrate } from '../schema/migration.js';
import { countNewCalls, prepareForRuns } from './aggregation-run.js';

let database: FreshDatabase;
const clients: pg.Client[] = [];

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await database.drop();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(database.url);
  await client.connect();
  clients.push(client);
  return client;
}

describe('a run that does not get the lock on spans', () => {
  it('fails each time with that cause, and a later run succeeds on the same connection', async () => {
    const client = await connect();
    await migrate(client);
    await client.query(`SET lock_timeout = '100ms'`);
    await prepareForRuns(client);
    const holder = await connect();
    await holder.query('BEGIN; LOCK TABLE tracestore.span IN ACCESS EXCLUSIVE MODE');
    for (let run = 0; run < 2; run += 1) {
      await expect(countNewCalls(client, 1000)).rejects.toThrow('canceling statement due to lock timeout');
    }
    await holder.query('ROLLBACK');
    expect(await countNewCalls(client, 1000)).toMatchObject({ isLast: true });
  });
});
