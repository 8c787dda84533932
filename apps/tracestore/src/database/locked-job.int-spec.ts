import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { migrate } from '../schema/migration.js';
import { LockedJob, type LockedWork } from './locked-job.js';

let database: FreshDatabase;
const clients: pg.Client[] = [];
const jobs: LockedJob[] = [];

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(database.url);
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

function start(work: Pick<LockedWork, 'run'> & Partial<LockedWork>): LockedJob {
  const job = new LockedJob(
    { connectAside: connect, stopAside: (client) => client.end() },
    { lock: 'calls', everyMs: 20, ...work },
  );
  jobs.push(job);
  job.start();
  return job;
}

beforeEach(async () => {
  database = await createFreshDatabase();
  await migrate(await connect());
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(jobs.splice(0).map((job) => job.stop()));
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  await database.drop();
});

describe('LockedJob', () => {
  it('runs in one of several processes at a time, and in another one after that has stopped', async () => {
    let running = 0;
    let most = 0;
    const run = async (client: pg.Client): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      try {
        await client.query('SELECT pg_sleep(0.05)');
      } finally {
        running -= 1;
      }
    };
    const first = vi.fn<LockedWork['run']>(run);
    const second = vi.fn<LockedWork['run']>(run);
    const turnedAway = vi.fn<() => void>();
    const job = start({ run: first, afterwards: (_client, hasRun) => (hasRun ? undefined : turnedAway()) });
    start({ run: second, afterwards: (_client, hasRun) => (hasRun ? undefined : turnedAway()) });
    await vi.waitUntil(() => turnedAway.mock.calls.length > 2, { timeout: 30_000 });
    await job.stop();
    second.mockClear();
    await vi.waitUntil(() => second.mock.calls.length > 1, { timeout: 30_000 });
    expect(most).toBe(1);
  });

  it('prepares a new connection after a failure, and logs the failure and the recovery once', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const logged = vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    let failures = 0;
    const prepare = vi.fn<() => Promise<void>>(async () => undefined);
    start({
      prepare,
      run: async (client) => {
        if (failures === 3) return;
        failures += 1;
        await client.end();
        throw new Error('the disk is full');
      },
    });
    await vi.waitUntil(() => logged.mock.calls.length > 0, { timeout: 30_000 });
    expect(prepare).toHaveBeenCalledTimes(4);
    expect(warned.mock.calls).toEqual([['calls: the disk is full; will be retried']]);
    expect(logged.mock.calls).toEqual([[expect.stringMatching(/^calls: recovered after \d+ s$/)]]);
  });

  it('connects only for a run that is due', async () => {
    const isDue = vi.fn<() => boolean>(() => false);
    const run = vi.fn<LockedWork['run']>();
    const before = clients.length;
    start({ isDue, run });
    await vi.waitUntil(() => isDue.mock.calls.length > 2, { timeout: 30_000 });
    expect(run).not.toHaveBeenCalled();
    expect(clients.length).toBe(before);
  });

  it('aborts its run when it stops, and logs no failure', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    let aborted: AbortSignal | undefined;
    const job = start({
      run: async (client, signal) => {
        aborted = signal;
        await client.query('SELECT pg_sleep(60)');
      },
    });
    await vi.waitUntil(() => aborted !== undefined, { timeout: 30_000 });
    await job.stop();
    expect(aborted?.aborted).toBe(true);
    expect(warned).not.toHaveBeenCalled();
  });
});
