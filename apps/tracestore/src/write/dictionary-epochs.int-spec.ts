import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '../../../../test/fresh-database.js';
import { type DatabaseGate, startDatabaseGate } from '../../test/database-gate.js';
import { passTime, setDatabaseClock } from '../../test/database-time.js';
import { encodeProtobuf, sendGrpc } from '../../test/otlp-client.js';
import { goodSpan, requestOf } from '../../test/requests.js';
import { type RunningTracestore, startTracestore } from '../../test/running-tracestore.js';
import { cleanDictionaries, dropExpired, type LifecycleContext } from '../lifecycle/steps.js';
import { probeCapabilities } from '../schema/capabilities.js';

const dayMs = 86_400_000;
const retentionDays = 30;
/** Longer than anything is kept. */
const longDays = 40;

let database: FreshDatabase;
let gate: DatabaseGate;
let client: pg.Client;
let context: LifecycleContext;
/** Behind the gate. */
let first: RunningTracestore;
let second: RunningTracestore;

beforeEach(async () => {
  database = await createFreshDatabase();
  gate = await startDatabaseGate(database.url);
  first = await startTracestore(gate.url);
  second = await startTracestore(database.url);
  client = new pg.Client(database.url);
  await client.connect();
  const config = {
    retentionMs: retentionDays * dayMs,
    ledgerRetentionMs: retentionDays * dayMs,
    aggregateRetentionMs: retentionDays * dayMs,
    compressAfterMs: 6 * 3_600_000,
  };
  context = { client, capabilities: await probeCapabilities(client), config };
});

afterEach(async () => {
  await client.end();
  await Promise.all([first.stop(), second.stop()]);
  await gate.close();
  await database.drop();
});

/** A span of the same operation, resource and scope as all others, yet another request. */
async function send(store: RunningTracestore): Promise<void> {
  // When the clock of the database is at rest.
  const start = (BigInt(Date.now()) - BigInt(longDays * dayMs)) * 1_000_000n;
  await sendGrpc(
    store.grpcAddress,
    encodeProtobuf(requestOf([goodSpan({ startTimeUnixNano: start, endTimeUnixNano: start })])),
  );
}

const count = async (sql: string): Promise<number> =>
  (await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`)).rows[0]?.n ?? NaN;

const entries = 'tracestore.resource r FULL JOIN tracestore.operation o ON false FULL JOIN tracestore.scope s ON false';

const nameless = `tracestore.span s WHERE NOT EXISTS (SELECT FROM tracestore.operation o WHERE o.id = s.operation_id)
  OR NOT EXISTS (SELECT FROM tracestore.resource r WHERE r.id = s.resource_id)
  OR NOT EXISTS (SELECT FROM tracestore.scope c WHERE c.id = s.scope_id)`;

/** Lets all that is stored become old, and cleans up. */
async function growOldAndCleanUp(): Promise<void> {
  await passTime(client, longDays * (dayMs / 1000));
  await setDatabaseClock(client, new Date(Date.now() + longDays * dayMs));
  await dropExpired(context);
  await cleanDictionaries(context);
}

describe('the dictionaries', () => {
  it('have what a batch refers to that was on its way while they were cleaned up', async () => {
    await send(first);
    await send(second);
    const held = gate.holdBefore('insert-ledger');
    const sending = send(first);
    const release = await held;
    await growOldAndCleanUp();
    expect(await count('tracestore.span')).toBe(0);
    expect(await count(entries)).toBe(0);
    release();
    await sending;
    expect(await count('tracestore.span')).toBe(1);
    expect(await count(nameless)).toBe(0);
    // The other writer has not heard of it either.
    await send(second);
    expect(await count('tracestore.span')).toBe(2);
    expect(await count(nameless)).toBe(0);
  });

  it('have what a writer refers to that wakes up after days, or that another one has written again', async () => {
    await send(first);
    await send(second);
    await growOldAndCleanUp();
    await Promise.all([send(first), send(second), send(first)]);
    await send(second);
    expect(await count('tracestore.span')).toBe(4);
    expect(await count(nameless)).toBe(0);
  });

  it.each([
    ['that goes', true],
    ['that stands still', false],
  ])('keep what is in use, by a clock %s, for as long as what refers to it is stored', async (_clock, movesClock) => {
    for (let day = 0; day < 2 * longDays; day += 10) {
      await send(day % 20 === 0 ? first : second);
      await passTime(client, 10 * (dayMs / 1000));
      if (movesClock) await setDatabaseClock(client, new Date(Date.now() + (day + 10) * dayMs));
      await dropExpired(context);
      await cleanDictionaries(context);
      expect(await count(nameless)).toBe(0);
    }
    expect(await count('tracestore.span')).toBeGreaterThan(0);
    // The clock is set right, and shows that all is old.
    await setDatabaseClock(client, new Date(Date.now() + 2 * longDays * dayMs));
    await cleanDictionaries(context);
    expect(await count(nameless)).toBe(0);
  });

  it('have what writers refer to after all traces were deleted', async () => {
    await send(first);
    await send(second);
    await client.query('SELECT ps_trace.delete_all_traces()');
    expect(await count('tracestore.span')).toBe(0);
    await send(first);
    await growOldAndCleanUp();
    await client.query('SELECT ps_trace.delete_all_traces()');
    await cleanDictionaries(context);
    await send(first);
    await send(second);
    expect(await count('tracestore.span')).toBe(2);
    expect(await count(nameless)).toBe(0);
  });
});

describe('what a writer knows of the dictionaries', () => {
  const isAccepted = async (epoch: number): Promise<boolean> =>
    client.query('SELECT tracestore.require_epoch($1)', [epoch]).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'SPE01' });
        return false;
      },
    );

  it('is valid in the epoch in which it was learned and in the next one, of an hour each', async () => {
    const { rows } = await client.query<{ epoch: string }>('SELECT epoch FROM tracestore.lifecycle_time');
    const epoch = Number(rows[0]?.epoch);
    expect([await isAccepted(epoch - 2), await isAccepted(epoch + 1)]).toEqual([false, false]);
    expect([await isAccepted(epoch - 1), await isAccepted(epoch)]).toEqual([true, true]);
    await passTime(client, 3_700);
    expect([await isAccepted(epoch - 1), await isAccepted(epoch)]).toEqual([false, true]);
    await passTime(client, 3_700);
    expect(await isAccepted(epoch)).toBe(false);
  });
});
