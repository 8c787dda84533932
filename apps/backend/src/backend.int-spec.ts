import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RandomNumber } from '@spandrel/numbers';
import { createService } from '@spandrel/service';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase } from '@spandrel/testing/fresh-database';
import { BackendModule } from './backend.module.js';

let database: Awaited<ReturnType<typeof createFreshDatabase>>;
let app: NestFastifyApplication;
let url: string;

async function startBackend(databaseUrl = database.url): Promise<NestFastifyApplication> {
  const config = { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', BACKEND_DATABASE_URL: databaseUrl } as const;
  const backend = await createService({
    name: 'backend',
    description: 'under test',
    module: BackendModule.forRoot(config),
    config,
  });
  await backend.listen({ host: '127.0.0.1', port: 0 });
  return backend;
}

async function sql(statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  database = await createFreshDatabase();
  app = await startBackend();
  url = await app.getUrl();
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
});

const draw = async () => (await (await fetch(`${url}/numbers`, { method: 'POST' })).json()) as RandomNumber;

describe('backend', () => {
  it('stores the number that it returns', async () => {
    const response = await fetch(`${url}/numbers`, { method: 'POST' });
    expect(response.status).toBe(201);
    const drawn = (await response.json()) as RandomNumber;
    const { rows } = await sql(`SELECT value FROM random_number WHERE id = ${Number(drawn.id)}`);
    expect(rows).toEqual([{ value: drawn.value }]);
    expect(drawn.value).toBeGreaterThanOrEqual(0);
    expect(drawn.value).toBeLessThan(1_000_000);
  });

  it('returns the latest numbers, newest first', async () => {
    const drawn = [await draw(), await draw(), await draw()];
    const latest = (await (await fetch(`${url}/numbers?limit=2`)).json()) as RandomNumber[];
    expect(latest).toEqual([drawn[2], drawn[1]]);
  });

  it('keeps the data and applies no migration twice at the second start', async () => {
    const before = await sql('SELECT count(*) FROM random_number');
    const second = await startBackend();
    await second.close();
    expect((await sql('SELECT count(*) FROM random_number')).rows).toEqual(before.rows);
    expect((await sql('SELECT count(*)::int AS count FROM migrations')).rows).toEqual([{ count: 1 }]);
  });

  it('is ready while the database is available', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('responds with 503 while the database is unavailable, and succeeds afterwards', async () => {
    const server = new URL(database.url);
    const name = server.pathname.slice(1);
    server.pathname = '/postgres';
    const admin = new pg.Client(server.href);
    await admin.connect();
    try {
      await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user',
        [name],
      );
      const response = await fetch(`${url}/numbers`, { method: 'POST' });
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ type: 'urn:spandrel:problem:database-unavailable' });
      expect((await fetch(`${url}/readyz`)).status).toBe(503);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
    } finally {
      await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
      await admin.end();
    }
    expect((await fetch(`${url}/numbers`, { method: 'POST' })).status).toBe(201);
  });

  it('starts without its database, is not ready, and becomes ready when the database accepts it', async () => {
    const wrong = new URL(database.url);
    wrong.pathname = `${wrong.pathname}_later`;
    const early = await startBackend(wrong.href);
    const admin = new pg.Client(database.superuserUrl);
    await admin.connect();
    const name = wrong.pathname.slice(1);
    try {
      const earlyUrl = await early.getUrl();
      expect((await fetch(`${earlyUrl}/livez`)).status).toBe(200);
      expect((await fetch(`${earlyUrl}/readyz`)).status).toBe(503);
      expect((await fetch(`${earlyUrl}/numbers`, { method: 'POST' })).status).toBe(503);
      await admin.query(`CREATE DATABASE "${name}" OWNER "${decodeURIComponent(wrong.username)}"`);
      await vi.waitFor(async () => expect((await fetch(`${earlyUrl}/readyz`)).status).toBe(200), 30_000);
      expect((await fetch(`${earlyUrl}/numbers`, { method: 'POST' })).status).toBe(201);
    } finally {
      await early.close();
      await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await admin.end();
    }
  });
});
