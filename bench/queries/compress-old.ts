import type { BenchDatabase } from '../write/bench-database.ts';

/**
 * Compresses all chunks except the newest of each table, as the store does eventually.
 *
 * @returns the number of chunks; 0 without TimescaleDB or with its Apache edition
 */
export async function compressOld({ query }: BenchDatabase): Promise<number> {
  const [found] = await query<{ found: boolean }>(
    "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL AS found",
  );
  if (found?.found !== true) return 0;
  const chunks = await query<{ chunk: string }>(
    `SELECT chunk FROM (
       SELECT format('%I.%I', c.chunk_schema, c.chunk_name) AS chunk, c.is_compressed,
         row_number() OVER (PARTITION BY c.hypertable_name ORDER BY c.range_end DESC) AS place
       FROM timescaledb_information.chunks c
       JOIN timescaledb_information.hypertables h USING (hypertable_schema, hypertable_name)
       WHERE c.hypertable_schema = 'tracestore' AND h.compression_enabled
     ) AS chunks WHERE place > 1 AND NOT is_compressed`,
  );
  for (const { chunk } of chunks) await query('SELECT compress_chunk($1::regclass)', [chunk]);
  if (chunks.length > 0) await query('VACUUM (ANALYZE)');
  return chunks.length;
}
