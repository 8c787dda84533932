import { expect, it } from 'vitest';
import type { DatabaseService } from '../database/database.service.js';
import type { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import type { CopyBatch } from '../storage/copy-batch.js';
import { TraceWriterService } from './trace-writer.service.js';

const stored = { acceptedSpans: 1, rejectedSpans: 0, errorMessage: '' };
const fillMs = 15;
const fullBytes = 4 * 1024 * 1024;

it('makes the rows of waiting requests in several turns, and in one batch', async () => {
  const failures: ((error: Error) => void)[] = [];
  // Connections come and go as the test says; no transaction gets as far as a statement.
  const database = {
    readyGeneration: 1,
    epoch: 0,
    connect: () => new Promise((_, reject) => failures.push(reject)),
    noteFailedWrite: () => undefined,
  };
  const metrics = { observeQueue: () => undefined, commitFailed: () => undefined };
  const writer = new TraceWriterService(
    { databaseConnections: 1 },
    database as unknown as DatabaseService,
    metrics as unknown as IngestMetricsService,
  );
  let turn = 0;
  const filled: { readonly batch: CopyBatch; readonly turn: number }[] = [];
  const write = (name: string, fill: (batch: CopyBatch) => void): void => {
    const request = {
      digest: Buffer.from(name),
      byteLength: 1,
      protocol: 'http' as const,
      fill: (batch: CopyBatch) => {
        fill(batch);
        return stored;
      },
      fillSlowly: () => Promise.reject(new Error('is not long')),
    };
    writer.write(request).catch(() => undefined);
  };
  write('under way', () => undefined);
  write('fills the next batch', (batch) => {
    batch.spans.reserve(fullBytes);
    batch.spans.append(Buffer.alloc(fullBytes), 0, fullBytes);
  });
  for (let n = 0; n < 8; n += 1) {
    write(`waits ${n}`, (batch) => {
      const endsAtMs = performance.now() + fillMs;
      while (performance.now() < endsAtMs);
      filled.push({ batch, turn });
    });
  }
  expect(filled).toEqual([]);
  const count = (): void => {
    turn += 1;
    if (filled.length < 8) setImmediate(count);
  };
  setImmediate(count);
  failures[0]?.(new Error('connection lost'));
  await expect.poll(() => filled.length, { timeout: 10_000 }).toBe(8);
  expect(new Set(filled.map(({ batch }) => batch)).size).toBe(1);
  for (const each of new Set(filled.map((one) => one.turn))) {
    expect(filled.filter((one) => one.turn === each).length).toBeLessThanOrEqual(2);
  }
});
