import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checksumOf } from './checksum.js';
import {
  admittedSchema,
  type AppliedMigration,
  pendingMigrations,
  readMigrations,
  releasedAmong,
} from './migration.js';
import { releasedMigrations } from './released-migrations.js';

const migrations = [
  { name: '0001-a.sql', sql: 'SELECT 1;\n' },
  { name: '0002-b.sql', sql: 'SELECT 2;\n' },
];

function applied(name: string, checksum: string, admits?: number): ReadonlyMap<string, AppliedMigration> {
  return new Map([[name, { checksum, admits }]]);
}

describe('pending migrations', () => {
  it('are those that the database lacks, in order', () => {
    expect(pendingMigrations(migrations, new Map())).toEqual(migrations);
    expect(pendingMigrations(migrations, applied('0001-a.sql', checksumOf('SELECT 1;\r\n')))).toEqual([migrations[1]]);
  });

  it('throw when an applied migration has changed', () => {
    expect(() => pendingMigrations(migrations, applied('0001-a.sql', checksumOf('SELECT 3;\n')))).toThrow(
      '0001-a.sql has changed',
    );
  });

  const all: readonly (readonly [string, AppliedMigration])[] = migrations.map(({ name, sql }) => [
    name,
    { checksum: checksumOf(sql), admits: undefined },
  ]);

  it.each([1, 2])('are none when the database has a newer one that admits builds from schema %i on', (admits) => {
    expect(pendingMigrations(migrations, new Map([...all, ['0003-c.sql', { checksum: '', admits }]]))).toEqual([]);
  });

  it.each([
    [3, 'admits builds from schema 3 on'],
    [undefined, 'admits no older build'],
  ])('throw when the database has a newer one that admits %s', (admits, reason) => {
    expect(() => pendingMigrations(migrations, new Map([...all, ['0003-c.sql', { checksum: '', admits }]]))).toThrow(
      `The database has migration 0003-c.sql, which this build doesn't know and which ${reason}; this build has schema 2: ` +
        'start the newer version, or restore a backup from before the upgrade',
    );
  });

  it('throw when the database has one that this build lacks, and the other way round', () => {
    expect(() => pendingMigrations(migrations, applied('0003-c.sql', '', 1))).toThrow(
      "has migration 0003-c.sql, which this build doesn't know, and lacks 0001-a.sql",
    );
  });
});

describe('the migrations of this build', () => {
  it('are numbered from 1 without a gap', () => {
    expect(readMigrations().map(({ name }) => Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]))).toEqual(
      readMigrations().map((_, n) => n + 1),
    );
  });

  it('state from 0014 on which builds may run without them: -- admits: NNNN', () => {
    const numbered = readMigrations().map((migration, n) => ({ ...migration, number: n + 1 }));
    for (const migration of numbered.filter(({ number }) => number > 13)) {
      expect(admittedSchema(migration), migration.name).toBeLessThanOrEqual(migration.number);
    }
    expect(admittedSchema({ name: '0014-x.sql', sql: '-- Adds x.\r\n-- admits: 0013\r\nSELECT 1;\n' })).toBe(13);
    expect(admittedSchema({ name: '0014-x.sql', sql: "SELECT '-- admits: 0013';\n" })).toBe(undefined);
  });

  it('create no view and no function', () => {
    const creating = readMigrations().filter(({ sql }) => /CREATE (OR REPLACE )?(VIEW|FUNCTION|AGGREGATE)/.test(sql));
    expect(creating.map(({ name }) => name)).toEqual([]);
  });
});

describe('migrations of earlier builds', () => {
  it('have the checksums of their files, and a table file of this build', () => {
    const files = JSON.parse(
      readFileSync(new URL('../../../../libs/testing/src/released-schema/migrations.json', import.meta.url), 'utf8'),
    ) as Record<string, string>;
    const names = new Set(readMigrations().map(({ name }) => name));
    for (const [name, sql] of Object.entries(files)) {
      expect(releasedAmong(applied(name, checksumOf(sql))).map((released) => released.name)).toEqual([name]);
    }
    expect(releasedMigrations.filter(({ tables }) => tables !== undefined && !names.has(tables))).toEqual([]);
    expect(new Set(releasedMigrations.map(({ name }) => name))).toEqual(new Set(Object.keys(files)));
  });

  it('throw when no build has released them', () => {
    expect(() => releasedAmong(applied('0001-tables.sql', 'x'))).toThrow('0001-tables.sql has changed');
  });
});
