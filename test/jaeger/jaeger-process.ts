import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@spandrel/testing/free-port';
import { startGuarded } from '@spandrel/embedded/parent-guard';
import { removeFolder } from '@spandrel/embedded/unprivileged';

/** Whether Jaeger 2 is on the PATH. */
export function hasJaeger(): boolean {
  return spawnSync('jaeger', ['version']).status === 0;
}

/** A Jaeger that receives OTLP and answers queries. */
export interface JaegerProcess {
  /** The URL of its HTTP API, without a slash at the end. */
  readonly url: string;
  /** The address for OTLP/gRPC. */
  readonly otlpPort: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The configuration of its storage backend. */
export type JaegerBackend =
  | { readonly memory: { readonly max_traces: number } }
  | {
      readonly badger: {
        readonly directories: { readonly keys: string; readonly values: string };
        readonly ephemeral: boolean;
      };
    }
  | { readonly grpc: { readonly endpoint: string; readonly tls: { readonly insecure: boolean } } };

/** @throws Error with its last output when it does not start */
export async function startJaeger(backend: JaegerBackend): Promise<JaegerProcess> {
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-jaeger-'));
  const [httpPort, grpcPort, otlpPort] = [await freePort(), await freePort(), await freePort()];
  const config = path.join(folder, 'jaeger.json');
  writeFileSync(
    config,
    // JSON is YAML.
    JSON.stringify({
      service: {
        extensions: ['jaeger_storage', 'jaeger_query'],
        pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
        telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      },
      extensions: {
        jaeger_query: {
          storage: { traces: 'main' },
          http: { endpoint: `127.0.0.1:${httpPort}` },
          grpc: { endpoint: `127.0.0.1:${grpcPort}` },
        },
        jaeger_storage: { backends: { main: backend } },
      },
      receivers: {
        otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${otlpPort}`, max_recv_msg_size_mib: 64 } } },
      },
      exporters: { jaeger_storage_exporter: { trace_storage: 'main', queue: { enabled: false } } },
    }),
  );
  const child = await startGuarded({
    command: 'jaeger',
    args: ['--config', config],
    // Otherwise Jaeger traces itself.
    env: { PATH: process.env['PATH'], OTEL_TRACES_SAMPLER: 'always_off' },
    cwd: folder,
    stopSignal: 'SIGTERM',
    tempFolder: folder,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-3_000)));
  }
  let ended = false;
  void child.exited.then(() => (ended = true));
  const stop = async (): Promise<void> => {
    child.release();
    await child.exited;
    removeFolder(folder);
  };
  const url = `http://127.0.0.1:${httpPort}`;
  const deadline = Date.now() + 30_000;
  while ((await fetch(`${url}/api/services`).catch(() => undefined))?.status !== 200) {
    if (ended || Date.now() > deadline) {
      await stop();
      throw new Error(`Jaeger did not start: ${output}`);
    }
    await sleep(100);
  }
  return { url, otlpPort, pid: child.pid, stop };
}
