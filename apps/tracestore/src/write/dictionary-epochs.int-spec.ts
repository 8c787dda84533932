import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { passTime, setDatabaseClock } from '@spandrel/testing/database-time';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { cleanDictionaries, dropExpired, type LifecycleContext } from '../lifecycle/steps.js';
import { probeCapabilities } from '../schema/capabilities.js';

const dayMs = 86_400_000;
const retentionDays = 30;
/** Longer than the retention. */
const longDays = 40;

let database: FreshDatabase;
let gate: DatabaseGate;
let client: pg.Client;
let context: LifecycleContext;
/** The store that connects through the gate. */
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

/** A new request with a span of the same operation, resource and scope as all others. */
async function send(store: RunningTracestore): Promise<void> {
  // The clock of the database may stand still.
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

/** Makes everything that is stored old, and cleans up. */
async function growOldAndCleanUp(): Promise<void> {
  await passTime(client, longDays * (dayMs / 1000));
  await setDatabaseClock(client, new Date(Date.now() + longDays * dayMs));
  await dropExpired(context);
  await cleanDictionaries(context);
}

describe('the dictionaries', () => {
  it('have the rows of a batch that was in flight during a clean-up', async () => {
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
    // The other writer does not know of it either.
    await send(second);
    expect(await count('tracestore.span')).toBe(2);
    expect(await count(nameless)).toBe(0);
  });

  it('have the rows of a writer that was paused for days, or that another writer has written again', async () => {
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
  ])('keep rows while spans refer to them, with a clock %s', async (_clock, movesClock) => {
    for (let day = 0; day < 2 * longDays; day += 10) {
      await send(day % 20 === 0 ? first : second);
      await passTime(client, 10 * (dayMs / 1000));
      if (movesClock) await setDatabaseClock(client, new Date(Date.now() + (day + 10) * dayMs));
      await dropExpired(context);
      await cleanDictionaries(context);
      expect(await count(nameless)).toBe(0);
    }
    expect(await count('tracestore.span')).toBeGreaterThan(0);
    // The clock is corrected, and everything becomes old.
    await setDatabaseClock(client, new Date(Date.now() + 2 * longDays * dayMs));
    await cleanDictionaries(context);
    expect(await count(nameless)).toBe(0);
  });

  it('have the rows of new spans after all traces were deleted', async () => {
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

describe('the cached dictionary rows of a writer', () => {
  const isAccepted = async (epoch: number): Promise<boolean> =>
    client.query('SELECT tracestore.require_epoch($1)', [epoch]).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'SPE01' });
        return false;
      },
    );

  it('are valid in their epoch and in the next one', async () => {
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
