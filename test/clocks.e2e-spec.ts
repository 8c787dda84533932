import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '@spandrel/testing/free-port';
import { type GuardedProcess, startGuarded } from '@spandrel/embedded/parent-guard';
import { query } from '@spandrel/embedded/postgres';
import { untilServiceReady } from '@spandrel/embedded/readiness';
import { nodeFlagsOf, tracestore } from '../stack/services.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';

// Several tracestores with different clocks on one database.

const root = path.dirname(import.meta.dirname);
const dayS = 86_400;

interface Store {
  readonly url: string;
  readonly pid: number;
  /** Returns its log. */
  readonly log: () => string;
  send(name: string): Promise<void>;
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

let database: FreshDatabase;
const stores = new Set<Store>();

beforeEach(async () => {
  database = await createFreshDatabase();
});

afterEach(async () => {
  await Promise.all([...stores].map((store) => store.stop()));
  await database.drop();
});

async function startStore(shiftDays: number): Promise<Store> {
  const httpPort = await freePort();
  const otlpPort = await freePort();
  const url = `http://127.0.0.1:${httpPort}`;
  const child: GuardedProcess = await startGuarded({
    command: process.execPath,
    args: [
      ...nodeFlagsOf(tracestore),
      '--import',
      path.join(root, 'test/shifted-clock.mjs'),
      'dist/apps/tracestore/main.js',
    ],
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      CLOCK_SHIFT_DAYS: String(shiftDays),
      TRACESTORE_RETENTION: '30d',
      TRACESTORE_HTTP_PORT: String(httpPort),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpPort),
      TRACESTORE_OTLP_GRPC_PORT: String(await freePort()),
      TRACESTORE_JAEGER_GRPC_PORT: String(await freePort()),
      TRACESTORE_TEMPO_PORT: String(await freePort()),
      TRACESTORE_DATABASE_URL: database.url,
    },
    stopSignal: 'SIGTERM',
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  await untilServiceReady(url, child, AbortSignal.timeout(60_000));
  const store: Store = {
    url,
    pid: child.pid,
    log: () => log,
    send: async (name) => {
      const nano = `${Date.now()}000000`;
      const span = {
        traceId: randomHex(16),
        spanId: randomHex(8),
        name,
        startTimeUnixNano: nano,
        endTimeUnixNano: nano,
      };
      const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'clocks' } }] };
      const response = await fetch(`http://127.0.0.1:${otlpPort}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans: [span] }] }],
        }),
      });
      expect(response.status).toBe(200);
    },
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length) ?? NaN,
      );
    },
    stop: async () => {
      stores.delete(store);
      process.kill(child.pid, 'SIGCONT');
      child.release();
      await child.exited;
    },
  };
  stores.add(store);
  return store;
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}

async function count(sql: string): Promise<number> {
  const [row] = (await query(database.url, `SELECT count(*)::int AS n FROM ${sql}`)) as { n: number }[];
  return row?.n ?? NaN;
}

/** Records that the stores observed the passing of days. */
async function passDays(days: number): Promise<void> {
  for (const seconds of [601, days * dayS]) {
    await query(
      database.url,
      `SELECT tracestore.observe_time('00000000-0000-4000-8000-000000000000', 0, 1e12, 1e12);
       SELECT tracestore.observe_time('00000000-0000-4000-8000-000000000000', ${seconds}, 1e12, 1e12)`,
    );
  }
}

describe('two stores with one database', () => {
  it.each([40, -40])('keep all spans when the clock of one is %d days ahead', async (shiftDays) => {
    const right = await startStore(0);
    for (let request = 0; request < 20; request++) await right.send(`before ${request}`);
    const wrong = await startStore(shiftDays);
    await expect.poll(() => wrong.metric('tracestore_lifecycle_held{reason="clock"}')).toBe(1);
    expect(await wrong.metric('tracestore_clock_offset_seconds')).toBeCloseTo(shiftDays * dayS, -2);
    expect(wrong.log()).toMatch(/The clock of this process is \d+ s (ahead of|behind) the database's/);
    expect(right.log()).not.toMatch('The clock of this process');
    // The store with the wrong clock is the only one now, and still drops nothing.
    await right.stop();
    await sleep(20_000);
    await wrong.send('after');
    expect(await count(`ps_trace.span WHERE service_name = 'clocks' AND span_name IS NOT NULL`)).toBe(21);
    expect(await count('tracestore.ledger')).toBe(21);
    expect(wrong.log().match(/The clock of this process/g)).toHaveLength(1);
    expect(wrong.log()).not.toMatch(/dropped|forgot/);
  });

  it('keep the names of a span after its store was suspended for longer than the retention of dictionaries', async () => {
    const sleeper = await startStore(0);
    const other = await startStore(0);
    await sleeper.send('one name');
    process.kill(sleeper.pid, 'SIGSTOP');
    await other.send('another name');
    await passDays(40);
    // The lifecycle drops all spans and the dictionary entries that they referenced.
    await query(database.url, 'SELECT ps_trace.delete_all_traces()');
    for (const table of ['operation', 'resource', 'scope']) {
      await query(database.url, `UPDATE tracestore.${table} SET last_seen = now() - interval '40 days'`);
    }
    await passDays(40);
    for (const table of ['operation', 'resource', 'scope']) {
      await query(database.url, `SELECT tracestore.forget_entries('${table}', 32 * 86400, 1000)`);
    }
    expect(await count('tracestore.operation')).toBe(0);
    process.kill(sleeper.pid, 'SIGCONT');
    await Promise.all([sleeper.send('one name'), other.send('another name')]);
    await sleeper.send('one name');
    expect(
      await count(`ps_trace.span WHERE service_name = 'clocks' AND span_name IN ('one name', 'another name')`),
    ).toBe(3);
  });
});
