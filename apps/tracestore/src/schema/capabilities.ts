import type { ClientBase } from 'pg';
import { readSql } from '../sql.js';

const probeSql = readSql(import.meta.url, 'probe-capabilities.sql');
const createTimescaleSql = readSql(import.meta.url, 'create-timescale.sql');

/** The TimescaleDB of this database; under the Apache licence it has hypertables and no compression. */
export interface TimescaleCapabilities {
  readonly version: string;
  readonly license: 'timescale' | 'apache';
}

/** The features of the database, as found at start. */
export interface DatabaseCapabilities {
  /** Such as `18.4`. */
  readonly postgresVersion: string;
  /** How spans are stored. It is fixed when the tables are created: an extension installed later changes nothing. */
  readonly storage: 'hypertables' | 'native partitions';
  readonly timescale: TimescaleCapabilities | undefined;
  /** Whether old chunks can be compressed. */
  readonly compression: boolean;
  /** Whether long values are compressed with lz4. */
  readonly lz4: boolean;
}

interface CapabilitiesRow {
  readonly postgres_version: string;
  readonly timescale_version: string | null;
  readonly timescale_license: string | null;
  readonly timescale_is_available: boolean;
  readonly timescale_is_preloaded: boolean;
  readonly has_native_partitions: boolean;
  readonly has_tables: boolean;
  readonly has_lz4: boolean;
}

/**
 * Creates the extension TimescaleDB where the server has it and the tables do not exist yet. Call it before `migrate`.
 *
 * @returns why the tables will not use TimescaleDB; undefined where they do
 */
export async function installTimescale(client: ClientBase): Promise<string | undefined> {
  const row = await probe(client);
  if (row.timescale_version !== null || row.has_tables) return undefined;
  if (!row.timescale_is_available) return 'the server does not have it';
  if (!row.timescale_is_preloaded) return 'it is not in shared_preload_libraries';
  try {
    await client.query(createTimescaleSql.bind());
    return undefined;
  } catch (error) {
    // Another store can have created it.
    if ((await probe(client)).timescale_version !== null) return undefined;
    return `the server has it, but creating it was refused: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Reads the features of a migrated database. */
export async function probeCapabilities(client: ClientBase): Promise<DatabaseCapabilities> {
  const row = await probe(client);
  const timescale: TimescaleCapabilities | undefined =
    row.timescale_version === null
      ? undefined
      : { version: row.timescale_version, license: row.timescale_license === 'timescale' ? 'timescale' : 'apache' };
  const storage = row.has_native_partitions ? 'native partitions' : 'hypertables';
  return {
    postgresVersion: row.postgres_version.split(' ')[0] ?? row.postgres_version,
    storage,
    timescale,
    compression: storage === 'hypertables' && timescale?.license === 'timescale',
    lz4: row.has_lz4,
  };
}

/** One line for the log. */
export function describeCapabilities(capabilities: DatabaseCapabilities): string {
  const { postgresVersion, storage, timescale, compression, lz4 } = capabilities;
  return [
    `PostgreSQL ${postgresVersion}`,
    timescale === undefined ? 'no TimescaleDB' : `TimescaleDB ${timescale.version} (${timescale.license} licence)`,
    `spans in ${storage}`,
    ...(storage === 'hypertables' ? [compression ? 'old chunks compressed' : 'no compression under this licence'] : []),
    ...(storage === 'native partitions' && timescale !== undefined ? ['made before TimescaleDB came'] : []),
    lz4 ? 'lz4' : 'no lz4',
  ].join(', ');
}

async function probe(client: ClientBase): Promise<CapabilitiesRow> {
  const { rows } = await client.query<CapabilitiesRow>(probeSql.bind());
  const row = rows[0];
  if (row === undefined) throw new Error('probe-capabilities.sql returned no row');
  return row;
}
