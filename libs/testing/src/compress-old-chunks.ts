import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { compress } from '../../../apps/tracestore/src/lifecycle/steps.js';
import { probeCapabilities } from '../../../apps/tracestore/src/schema/capabilities.js';
import { retentionOf, timedTables } from '../../../apps/tracestore/src/schema/partitions.js';

const dayMs = 86_400_000;

/**
 * Compresses the chunks of past time ranges as soon as their spans are aggregated, as the lifecycle does later. Without
 * compression it does nothing.
 */
export async function compressOldChunks(databaseUrl: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const capabilities = await probeCapabilities(client);
    if (!capabilities.compression) return;
    const config = {
      retentionMs: 30 * dayMs,
      ledgerRetentionMs: dayMs,
      aggregateRetentionMs: 30 * dayMs,
      compressAfterMs: 0,
    };
    const tables = timedTables.filter((table) => table !== 'span_block');
    const waiting = async () =>
      (
        await client.query(
          `SELECT FROM unnest($1::text[], $2::float8[]) AS kept (name, kept_s),
             tracestore.compressible_chunks(name, 0, kept_s)`,
          [tables, tables.map((table) => retentionOf(table, config) / 1000)],
        )
      ).rowCount;
    await compress({ client, capabilities, config });
    while ((await waiting()) !== 0) {
      await sleep(200);
      await compress({ client, capabilities, config });
    }
  } finally {
    await client.end();
  }
}
