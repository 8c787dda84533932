import { describe, expect, it } from 'vitest';
import { checksumOf, pendingMigrations, readMigrations } from './migration.js';

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

  it('are none to speak of when an applied one has changed', () => {
    expect(() => pendingMigrations(migrations, new Map([['0001-a.sql', checksumOf('SELECT 3;\n')]]))).toThrow(
      '0001-a.sql has changed',
    );
  });

  it('are none to speak of when the database has one that this build lacks', () => {
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
});
