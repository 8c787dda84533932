import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checksumOf } from './checksum.js';
import { pendingMigrations, readMigrations, releasedAmong } from './migration.js';
import { releasedMigrations } from './released-migrations.js';

const migrations = [
  { name: '0001-a.sql', sql: 'SELECT 1;\n' },
  { name: '0002-b.sql', sql: 'SELECT 2;\n' },
];

describe('pending migrations', () => {
  it('are those that the database lacks, in order', () => {
    expect(pendingMigrations(migrations, new Map())).toEqual(migrations);
    expect(pendingMigrations(migrations, new Map([['0001-a.sql', checksumOf('SELECT 1;\r\n')]]))).toEqual([
      migrations[1],
    ]);
  });

  it('throw when an applied migration has changed', () => {
    expect(() => pendingMigrations(migrations, new Map([['0001-a.sql', checksumOf('SELECT 3;\n')]]))).toThrow(
      '0001-a.sql has changed',
    );
  });

  it('throw when the database has a migration that this build lacks', () => {
    expect(() => pendingMigrations(migrations, new Map([['0003-c.sql', '']]))).toThrow(
      "migration 0003-c.sql, which this build doesn't know",
    );
  });
});

describe('the migrations of this build', () => {
  it('are numbered from 1 without a gap', () => {
    expect(readMigrations().map(({ name }) => Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]))).toEqual(
      readMigrations().map((_, n) => n + 1),
    );
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
      expect(releasedAmong(new Map([[name, checksumOf(sql)]])).map((released) => released.name)).toEqual([name]);
    }
    expect(releasedMigrations.filter(({ tables }) => tables !== undefined && !names.has(tables))).toEqual([]);
    expect(new Set(releasedMigrations.map(({ name }) => name))).toEqual(new Set(Object.keys(files)));
  });

  it('throw when no build has released them', () => {
    expect(() => releasedAmong(new Map([['0001-tables.sql', 'x']]))).toThrow('0001-tables.sql has changed');
  });
});
