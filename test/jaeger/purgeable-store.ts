import path from 'node:path';
import { freePort } from '@spandrel/testing/free-port';
import { type GuardedProcess, startGuarded } from '@spandrel/embedded/parent-guard';
import { query } from '@spandrel/embedded/postgres';
import { untilServiceReady } from '@spandrel/embedded/readiness';
import { nodeFlagsOf, tracestore } from '../../stack/services.ts';

const root = path.dirname(path.dirname(import.meta.dirname));

const databaseName = 'jaeger_under_test';

/** A tracestore process on a database that can be replaced. */
export interface PurgeableStore {
  readonly databaseUrl: string;
  /** The URL of its HTTP port, without a slash at the end. */
  readonly url: string;
  readonly jaegerPort: number;
  readonly pid: number;
  /** Replaces the database by an empty one. Resolves when the store uses it. */
  purge(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param postgresUrl of the superuser
 * @param say receives the log lines of the store
 * @throws Error when it does not start
 */
export async function startPurgeableStore(postgresUrl: string, say: (line: string) => void): Promise<PurgeableStore> {
  const databaseUrl = new URL(postgresUrl);
  databaseUrl.pathname = `/${databaseName}`;
  const drop = (): Promise<unknown> => query(postgresUrl, `DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
  const empty = async (): Promise<void> => {
    await drop();
    await query(postgresUrl, `CREATE DATABASE ${databaseName}`);
  };
  const httpPort = await freePort();
  const jaegerPort = await freePort();
  const url = `http://127.0.0.1:${httpPort}`;
  let store: GuardedProcess | undefined;
  const stop = async (): Promise<void> => {
    store?.release();
    await store?.exited;
    await drop();
  };
  try {
    await empty();
    store = await startGuarded({
      command: process.execPath,
      args: [...nodeFlagsOf(tracestore), 'dist/apps/tracestore/main.js'],
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        // The database is removed on purpose.
        LOG_LEVEL: 'silent',
        // Random spans are of any time.
        TRACESTORE_RETENTION: '36500d',
        TRACESTORE_HTTP_PORT: String(httpPort),
        TRACESTORE_OTLP_HTTP_PORT: String(await freePort()),
        TRACESTORE_OTLP_GRPC_PORT: String(await freePort()),
        TRACESTORE_JAEGER_GRPC_PORT: String(jaegerPort),
        TRACESTORE_TEMPO_PORT: String(await freePort()),
        TRACESTORE_DATABASE_URL: databaseUrl.href,
      },
      stopSignal: 'SIGTERM',
    });
    for (const stream of [store.stdout, store.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => say(text.trimEnd()));
    await untilServiceReady(url, store, AbortSignal.timeout(60_000));
    const running = store;
    return {
      databaseUrl: databaseUrl.href,
      url,
      jaegerPort,
      pid: running.pid,
      purge: async () => {
        await empty();
        await untilServiceReady(url, running, AbortSignal.timeout(60_000));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
