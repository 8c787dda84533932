import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passTime } from '@spandrel/testing/database-time';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { parseEnvironment } from '@spandrel/service';
import { lifecycleConfigOf, lifecycleVariables, withRetention } from '../config/lifecycle.config.js';

const dayMs = 86_400_000;
const lifecycle = lifecycleConfigOf(
  parseEnvironment(lifecycleVariables, {
    environment: { TRACESTORE_RETENTION: '20d', TRACESTORE_LEDGER_RETENTION: '5d' },
  }),
);

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
});

afterAll(async () => {
  await database.drop();
});

describe('the retention that is set in SQL', () => {
  const ask = async (sql: string): Promise<unknown> => Object.values((await queryOnce(database.url, sql))[0] ?? {})[0];
  const kept = `SELECT extract(epoch FROM ps_trace.get_trace_retention_period())::int / 86400`;
  const spans = 'SELECT count(*)::int FROM ps_trace.span';

  it(
    'counts instead of what is configured, and decides what is dropped once it is confirmed',
    { timeout: 120_000 },
    async () => {
      const first = await startTracestore(database.url, { lifecycle });
      expect(await ask(kept)).toBe(20);
      const old = (days: number): ReturnType<typeof goodSpan> => {
        const start = (BigInt(Date.now()) - BigInt(days * dayMs)) * 1_000_000n;
        return goodSpan({ startTimeUnixNano: start, endTimeUnixNano: start + 1n });
      };
      await sendGrpc(first.grpcAddress, encodeProtobuf(requestOf([old(0), old(4), old(9)])));
      // Without an earlier retention, the first one applies at once.
      await expect
        .poll(() => ask(`SELECT applied_s::int FROM tracestore.applied_retention WHERE name = 'traces'`), {
          timeout: 30_000,
        })
        .toBe((20 * dayMs) / 1000);
      await first.stop();
      expect(await ask(spans)).toBe(3);

      expect(await ask(`SELECT ps_trace.set_trace_retention_period(7 * interval '1 day')`)).toBe(true);
      const client = new pg.Client(database.url);
      await client.connect();
      await passTime(client, 8 * 86_400);
      // Simulates that it was set just now.
      await client.query(`UPDATE tracestore.applied_retention SET pending_since_s = NULL`);
      const lines: string[] = [];
      const log = vi
        .spyOn(Logger.prototype, 'warn')
        .mockImplementation((line: unknown) => void lines.push(String(line)));
      const second = await startTracestore(database.url, { lifecycle });
      expect(await ask(kept)).toBe(7);
      await expect
        .poll(
          async () =>
            (await (await fetch(`${second.url}/metrics`)).text()).match(
              /lifecycle_held\{reason="retention"\} (\d)/,
            )?.[1],
          {
            timeout: 30_000,
          },
        )
        .toBe('1');
      expect(lines.filter((line) => line.includes('waits for 24 hours'))).toEqual([
        'retention: A shorter retention waits for 24 hours before anything is deleted (traces from 20 days to 7 days, ' +
          'aggregates from 20 days to 7 days). To keep the data, set the retention back; to delete what is older now, ' +
          "confirm it: SELECT ps_trace.confirm_trace_retention('7 days');",
      ]);
      log.mockRestore();
      expect(await ask(spans)).toBe(3);
      expect(await ask(`SELECT ps_trace.confirm_trace_retention('7 days')`)).toBe(true);
      await expect.poll(() => ask(spans), { timeout: 30_000 }).toBe(2);
      await second.stop();
      await client.end();

      expect(await ask('SELECT ps_trace.set_trace_retention_period(NULL)')).toBe(true);
      expect(await ask(kept)).toBe(20);
    },
  );

  it.each(['59 minutes', '-1 day', '36501 days', '101 years'])('cannot be %s', async (period) => {
    await expect(ask(`SELECT ps_trace.set_trace_retention_period('${period}')`)).rejects.toThrow(
      'retention period must be from 1 hour to 36500 days, got ',
    );
  });
});

describe('withRetention', () => {
  it('changes the retentions that were not set', () => {
    expect(withRetention(lifecycle, 7 * dayMs)).toMatchObject({
      retentionMs: 7 * dayMs,
      ledgerRetentionMs: 5 * dayMs,
      aggregateRetentionMs: 7 * dayMs,
    });
  });
});
