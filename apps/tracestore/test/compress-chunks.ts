import { setTimeout as sleep } from 'node:timers/promises';
import { queryOnce } from './running-tracestore.js';

/**
 * Compresses the three oldest chunks of spans, events, links and blocks, each as soon as the store's count of calls lets it;
 * does nothing where there is no TimescaleDB, or no compression under its licence.
 */
export async function compressOldestChunks(databaseUrl: string): Promise<void> {
  const [found] = await queryOnce<{ found: boolean }>(
    databaseUrl,
    "SELECT current_setting('timescaledb.license', true) = 'timescale' AS found",
  );
  if (found?.found !== true) return;
  for (const table of ['span', 'event', 'link', 'span_block']) {
    await queryOnce(databaseUrl, 'SELECT tracestore.enable_compression($1)', [table]);
    const chunks = await queryOnce<{ chunk: string }>(
      databaseUrl,
      `SELECT format('%I.%I', chunk_schema, chunk_name) AS chunk FROM timescaledb_information.chunks
       WHERE hypertable_schema = 'tracestore' AND hypertable_name = $1 AND NOT is_compressed ORDER BY range_start LIMIT 3`,
      [table],
    );
    for (const { chunk } of chunks) {
      while (!(await isCompressed(databaseUrl, chunk))) await sleep(200);
    }
  }
}

async function isCompressed(databaseUrl: string, chunk: string): Promise<boolean> {
  const [row] = await queryOnce<{ compressed: boolean }>(
    databaseUrl,
    'SELECT tracestore.compress_chunk($1) AS compressed',
    [chunk],
  );
  return row?.compressed === true;
}
