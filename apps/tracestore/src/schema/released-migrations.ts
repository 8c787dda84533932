/** A migration of an earlier layout of the schema, when tables, views and functions were in the same files. */
export interface ReleasedMigration {
  readonly name: string;
  /** The checksums of all versions of the file that databases can have. */
  readonly checksums: readonly string[];
  /** The file that holds its tables now; undefined if it made no table. */
  readonly tables: string | undefined;
}

/**
 * What databases of earlier builds have in `tracestore.migration`. They upgrade with their data: a row gets the name and
 * checksum of its table file, and `objects/` replaces the views and functions.
 */
export const releasedMigrations: readonly ReleasedMigration[] = [
  {
    name: '0001-tables.sql',
    checksums: ['2c0040b7978a347394e99964ef0ccba4c1716bd0c9e59a6660236b413fdbc8ad'],
    tables: '0001-spans.sql',
  },
  {
    name: '0002-public-views.sql',
    checksums: ['8bfdbbb350bef524f82ae6621b2e7c9297d0257e1e55bfee9c93a3012aedea1d'],
    tables: '0002-types.sql',
  },
  {
    name: '0003-lifecycle.sql',
    checksums: ['13dbb22c4c216d23c8c3facb504dd7d1ac47cba679404900d26ecc6bf53323d1'],
    tables: undefined,
  },
  {
    name: '0004-sql-surface.sql',
    checksums: ['7068055ceba5f6d923f4cfa5c9fd8b5be4639067a845d3416d719e9779db19e1'],
    tables: '0003-retention.sql',
  },
  {
    name: '0005-call-rollups.sql',
    checksums: ['c83e6583ce8b2645389b0a2f00eb07d9cd18abd9e1db966afe16b75ca82cead7'],
    tables: '0004-aggregates.sql',
  },
  {
    name: '0006-search.sql',
    checksums: ['4cf4a1afd239e5cacde7b9ccbe843a008f213cd51ceedc96701fd69217ce8bd6'],
    tables: '0005-search.sql',
  },
  {
    name: '0007-locks.sql',
    checksums: ['a8c40417b9c95e48003058b4196417429fde81b78e7e5c6626ee7463d139fc07'],
    tables: '0006-locks.sql',
  },
  {
    name: '0008-reading.sql',
    checksums: ['a19369def89e8e7374415befdad6e11fb5da1237fc14f42dd117ac70a94f00b9'],
    tables: '0007-search-path.sql',
  },
  {
    // An early version, without the search_path: the table file is applied after all.
    name: '0008-reading.sql',
    checksums: ['c6730b0585e093bed303cbcda27e58d0626ba50bf7c6465adedebe213cc6ef89'],
    tables: undefined,
  },
  {
    name: '0009-sessions.sql',
    checksums: [
      '532321315e09be7677682c4739b553a4f27bd85ad5429e954a771c094d373b0c',
      'd7928b396b5f9221bcda9d968cdc2dff2aac9faf5d9c7799129e9424ba0adbf9',
    ],
    tables: '0008-sessions.sql',
  },
  {
    name: '0010-lifecycle-time.sql',
    checksums: [
      '30e58e0bc93bb4acabf3f44335083578f8c0405e5ed8850807562f7a764963e7',
      '5d6516ca6b0d1a4bc0fc993e9414cf5341b061a2d0f1a965d955988578de2346',
      '9ddb5af4d288973d32faeee589665687ecb52357db79c2cfdecb5155207839b0',
    ],
    tables: '0009-lifecycle-time.sql',
  },
  {
    name: '0011-drop-operation-stats.sql',
    checksums: ['04c4dc39666b2d047ce2d53750345f1f9df2d959ef88f17f5be8f3de9cac5859'],
    tables: '0010-drop-operation-stats.sql',
  },
];
