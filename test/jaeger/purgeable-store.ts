import path from 'node:path';
import { freePort } from '../../stack/free-port.ts';
import { type LeashedProcess, startOnLeash } from '../../stack/leash.ts';
import { query } from '../../stack/postgres.ts';
import { untilServiceReady } from '../../stack/readiness.ts';
import { nodeFlagsOf, tracestore } from '../../stack/services.ts';

const root = path.dirname(path.dirname(import.meta.dirname));

const databaseName = 'jaeger_under_test';

/** The real tracestore as everybody runs it, on a database of its own. */
export interface PurgeableStore {
  readonly databaseUrl: string;
  /** Of its HTTP port, without a slash at the end. */
  readonly url: string;
  readonly jaegerPort: number;
  readonly pid: number;
  /** Puts an empty database in the place of the one that is there. Resolves when the store has it. */
  purge(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param postgresUrl the superuser's
 * @param say is given what the store logs
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
  let store: LeashedProcess | undefined;
  const stop = async (): Promise<void> => {
    store?.letGo();
    await store?.exited;
    await drop();
  };
  try {
    await empty();
    store = await startOnLeash({
      command: process.execPath,
      args: [...nodeFlagsOf(tracestore), 'dist/apps/tracestore/main.js'],
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        // The database goes away on purpose.
        LOG_LEVEL: 'silent',
        // Random spans are of any time.
        TRACESTORE_RETENTION: '36500d',
        TRACESTORE_HTTP_PORT: String(httpPort),
        TRACESTORE_OTLP_HTTP_PORT: String(await freePort()),
        TRACESTORE_OTLP_GRPC_PORT: String(await freePort()),
        TRACESTORE_JAEGER_GRPC_PORT: String(jaegerPort),
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
