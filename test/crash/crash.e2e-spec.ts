import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '@spandrel/testing/free-port';
import { removeFolder } from '@spandrel/embedded/unprivileged';
import { runCrashes } from './crash-run.ts';
import { GrpcCaller } from './grpc-caller.ts';
import { numberedRequests } from './numbered-requests.ts';
import { startRecordingServer } from './recording-server.ts';
import { violations } from './verdict.ts';
import { collector } from './victims.ts';

const noCollector = spawnSync('otelcol', ['--version']).error !== undefined;
const crashSeconds = 20;
const timeoutMs = 240_000;

describe.skipIf(noCollector)('a store behind a Collector with a queue in files (requires otelcol)', () => {
  it(
    'stores everything acknowledged exactly once while processes are killed and connections cut',
    async () => {
      const lines: string[] = [];
      const stats = await runCrashes(
        { seconds: crashSeconds, seed: Date.now() % 1_000_000, spansPerRequest: 100, requestsInFlight: 8 },
        (line) => lines.push(line),
      );
      expect(violations(stats), `${JSON.stringify(stats)}\n${lines.join('\n')}`).toEqual([]);
    },
    timeoutMs,
  );

  // The ledger recognises a retry by its digest.
  it(
    'receives a retry with identical bytes, also after the Collector was killed',
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-resend-'));
      const server = await startRecordingServer();
      const port = await freePort();
      const sut = collector({ folder, port, storePort: server.port, queueRequests: 100 });
      const caller = new GrpcCaller(port, 10_000);
      const acknowledged = new Set<number>();
      try {
        await sut.start();
        const source = numberedRequests(1, 50);
        while (acknowledged.size < 20) {
          const { value: request } = source.next();
          if (request === undefined) break;
          if ((await caller.export(request.grpcMessage)) !== 'acknowledged') continue;
          acknowledged.add(request.number);
        }
        // Several times, each time by a Collector that has read the request from its files.
        for (let life = 0; life < 3; life++) {
          const before = server.count();
          await expect.poll(() => server.count(), { timeout: 20_000 }).toBeGreaterThan(before + 8);
          await sut.kill();
          await sut.start();
        }
        server.accept(true);
        await expect.poll(() => server.digests.size, { timeout: 30_000 }).toBe(acknowledged.size);
        // Not the bytes of the sender: a Collector decodes a request, and encodes it identically each time.
        for (const number of acknowledged) expect(server.digests.get(number)?.size).toBe(1);
      } finally {
        caller.close();
        await sut.stop();
        await server.close();
        removeFolder(folder);
      }
    },
    timeoutMs,
  );
});
