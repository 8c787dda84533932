import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passTime, setDatabaseClock } from '@spandrel/testing/database-time';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { compareClocks } from '../database/database-clock.js';
import { lifecycleConfigOf } from '../config/lifecycle.config.js';
import { DatabaseClockService } from './database-clock.service.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lifecycle = lifecycleConfigOf({ TRACESTORE_RETENTION: 30 * dayMs, TRACESTORE_COMPRESS_AFTER: 6 * hourMs });

let database: FreshDatabase;
let client: pg.Client;
let store: RunningTracestore | undefined;
const lines: string[] = [];

beforeEach(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  lines.length = 0;
  for (const level of ['log', 'warn'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store?.stop();
  store = undefined;
  await client.end();
  await database.drop();
});

const spans = async (): Promise<number> =>
  (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM tracestore.span')).rows[0]?.n ?? NaN;

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${store?.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length) ?? NaN,
  );
}

/** Waits until the lifecycle has run once more. Every run begins with a comparison of the clocks. */
async function untilNextRun(): Promise<void> {
  const runs = vi.spyOn(DatabaseClockService.prototype, 'agrees');
  const before = runs.mock.calls.length;
  await expect.poll(() => runs.mock.calls.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + 2);
}

describe("a store whose clock differs from the database's", () => {
  it.each([40, -40])(
    'drops nothing while the database is %d days ahead, says so, and goes on when they agree',
    { timeout: 240_000 },
    async (days) => {
      store = await startTracestore(database.url, { lifecycle });
      const start = (BigInt(Date.now()) - 100n * BigInt(dayMs)) * 1_000_000n;
      await sendGrpc(
        store.grpcAddress,
        encodeProtobuf(requestOf([goodSpan({ startTimeUnixNano: start, endTimeUnixNano: start })])),
      );
      await store.stop();
      // Its own time and that of its receipt permit a drop.
      await passTime(client, 31 * (dayMs / 1000));
      await setDatabaseClock(client, new Date(Date.now() + days * dayMs));

      lines.length = 0;
      store = await startTracestore(database.url, { lifecycle });
      await untilNextRun();
      expect(await spans()).toBe(1);
      expect(await metric('tracestore_lifecycle_held{reason="clock"}')).toBe(1);
      expect(Math.abs((await metric('tracestore_clock_offset_seconds')) + (days * dayMs) / 1000)).toBeLessThan(60);
      expect((await fetch(`${store.url}/readyz`)).status).toBe(200);
      const said = lines.filter((line) => line.startsWith('The clock of this process'));
      expect(said).toEqual([
        expect.stringMatching(days > 0 ? /\d+ s behind the database's: / : /\d+ s ahead of the database's: /),
      ]);

      await setDatabaseClock(client, undefined);
      await expect.poll(() => metric('tracestore_lifecycle_held{reason="clock"}'), { timeout: 60_000 }).toBe(0);
      expect(
        lines.filter((line) => line === "The clock of this process agrees with the database's again"),
      ).toHaveLength(1);
      await expect.poll(spans, { timeout: 60_000 }).toBe(0);
    },
  );
});

describe('the comparison of the clocks', () => {
  it('has an error of at most half of the time of the query', async () => {
    store = await startTracestore(database.url);
    const { offsetMs, uncertaintyMs } = await compareClocks(client);
    expect(Math.abs(offsetMs)).toBeLessThanOrEqual(uncertaintyMs + 5);
  });
});
