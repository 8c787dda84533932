import { readFileSync } from 'node:fs';
import pg from 'pg';
import { checksumOf } from '../../../apps/tracestore/src/schema/checksum.js';

/** The text of every migration that earlier builds had, by name. */
const releasedFiles = JSON.parse(
  readFileSync(new URL('released-schema/migrations.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;

/**
 * Creates the schema of an earlier build in an empty database, with its table of migrations, as that build did.
 *
 * @param last the name of the build's last migration
 */
export async function createReleasedSchema(databaseUrl: string, last: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await client.query('BEGIN; SET LOCAL search_path = pg_catalog');
    await client.query('CREATE SCHEMA tracestore; CREATE SCHEMA ps_trace; CREATE SCHEMA _ps_trace');
    await client.query(
      'CREATE TABLE tracestore.migration (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    for (const [name, sql] of Object.entries(releasedFiles).filter(([each]) => each <= last)) {
      await client.query(sql);
      await client.query('INSERT INTO tracestore.migration (name, checksum) VALUES ($1, $2)', [name, checksumOf(sql)]);
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
