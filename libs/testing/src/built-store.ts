/** The built tracestore in a process, with the heap and the bytes in flight that the chart gives it. */
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from '@spandrel/embedded/parent-guard';
import { until } from './stack-processes.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export const heapMebibytes = 160;
export const bytesInFlight = 64 * 1024 * 1024;

export interface BuiltStore {
  readonly process: GuardedProcess;
  /** The address of its HTTP API. */
  readonly url: string;
  readonly tracesUrl: string;
  /** Returns the last 4,000 characters that the process printed. */
  readonly output: () => string;
  readonly hasEnded: () => boolean;
  readonly stop: () => Promise<void>;
}

/**
 * Start the store.
 *
 * @param probe what has to answer 200
 * @throws Error when it does not in time
 */
export async function startBuiltStore(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  probe: 'livez' | 'readyz' = 'readyz',
): Promise<BuiltStore> {
  const [http, otlpHttp, otlpGrpc, jaegerGrpc, tempo] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const url = `http://127.0.0.1:${http}`;
  const store = await startGuarded({
    command: process.execPath,
    args: [`--max-old-space-size=${heapMebibytes}`, 'dist/apps/tracestore/main.js'],
    cwd: root,
    stopSignal: 'SIGTERM',
    env: {
      PATH: process.env['PATH'],
      TRACESTORE_DATABASE_URL: databaseUrl,
      TRACESTORE_MAX_BYTES_IN_FLIGHT: String(bytesInFlight),
      TRACESTORE_HTTP_PORT: String(http),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpHttp),
      TRACESTORE_OTLP_GRPC_PORT: String(otlpGrpc),
      TRACESTORE_JAEGER_GRPC_PORT: String(jaegerGrpc),
      TRACESTORE_TEMPO_PORT: String(tempo),
      TRACESTORE_RETENTION: '36500d',
      LOG_LEVEL: 'error',
      ...environment,
    },
  });
  let output = '';
  let hasEnded = false;
  for (const stream of [store.stdout, store.stderr]) {
    stream.on('data', (text: Buffer) => (output = `${output}${text.toString()}`.slice(-4_000)));
  }
  void store.exited.then(() => (hasEnded = true));
  const stop = async (): Promise<void> => {
    store.release();
    await store.exited;
  };
  const isReady = async (): Promise<boolean> =>
    fetch(`${url}/${probe}`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await until(isReady, 60_000))) {
    await stop();
    throw new Error(`tracestore is not ready: ${output}`);
  }
  return {
    process: store,
    url,
    tracesUrl: `http://127.0.0.1:${otlpHttp}/v1/traces`,
    output: () => output,
    hasEnded: () => hasEnded,
    stop,
  };
}
