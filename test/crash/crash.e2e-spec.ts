import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../stack/free-port.ts';
import { removeFolder } from '../../stack/unprivileged.ts';
import { runCrashes } from './crash-run.ts';
import { GrpcCaller } from './grpc-caller.ts';
import { numberedRequests } from './numbered-requests.ts';
import { startRecordingServer } from './recording-server.ts';
import { broken } from './verdict.ts';
import { collector } from './victims.ts';

// `npm run test:crash` does the same for as long as one likes.

const noCollector = spawnSync('otelcol', ['--version']).error !== undefined;
const because = noCollector ? ' (left out: there is no `otelcol` on the PATH)' : '';
const crashSeconds = 20;
const timeoutMs = 240_000;

describe.skipIf(noCollector)(`behind a Collector with a queue in files${because}`, () => {
  it(
    'everything that was acknowledged is stored, all of it and once, whatever is killed and cut',
    async () => {
      const lines: string[] = [];
      const figures = await runCrashes(
        { seconds: crashSeconds, seed: Date.now() % 1_000_000, spansPerRequest: 100, requestsInFlight: 8 },
        (line) => lines.push(line),
      );
      expect(broken(figures), `${JSON.stringify(figures)}\n${lines.join('\n')}`).toEqual([]);
    },
    timeoutMs,
  );

  // What the ledger relies on: a retry can be told by its digest.
  it(
    'a request comes again as the very same bytes, also from a Collector that was killed meanwhile',
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
        // Several times over, each time by a Collector that knows it only from its files.
        for (let life = 0; life < 3; life++) {
          const before = server.count();
          await expect.poll(() => server.count(), { timeout: 20_000 }).toBeGreaterThan(before + 8);
          await sut.kill();
          await sut.start();
        }
        server.accept(true);
        await expect.poll(() => server.digests.size, { timeout: 30_000 }).toBe(acknowledged.size);
        // Not the sender's bytes: a Collector decodes what it takes. But it encodes it the same way every time.
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
