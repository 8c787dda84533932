import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { READINESS_CHECK, type ReadinessCheck } from './health.controller.js';
import { createService } from './service.js';

let app: NestFastifyApplication | undefined;

afterEach(async () => {
  await app?.close();
});

async function readyzWith(
  ...providers: readonly object[]
): Promise<{ readonly status: number; readonly body: unknown }> {
  @Module({ providers: [...providers] as [] })
  class CheckedModule {}
  app = await createService({
    name: 'checked',
    description: 'under test',
    module: CheckedModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: 0 },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${await app.getUrl()}/readyz`);
  return { status: response.status, body: await response.json() };
}

const check = (run: ReadinessCheck): object => ({ provide: READINESS_CHECK, useValue: run });
const note = { code: 'a-code', message: 'something to know', statement: 'SELECT 1;' };

describe('/readyz', () => {
  it('is 200 for a service that checks nothing', async () => {
    expect(await readyzWith()).toEqual({ status: 200, body: { status: 'ok', warnings: [] } });
  });

  it('is 200 with what an operator should know', async () => {
    expect(await readyzWith(check(() => Promise.resolve({ problems: [], warnings: [note] })))).toEqual({
      status: 200,
      body: { status: 'ok', warnings: [note] },
    });
  });

  it('is 503 with problems and warnings', async () => {
    const problem = { code: 'disk-full', message: 'The database is out of disk space' };
    const { status, body } = await readyzWith(check(() => Promise.resolve({ problems: [problem], warnings: [note] })));
    expect(status).toBe(503);
    expect(body).toMatchObject({ detail: problem.message, problems: [problem], warnings: [note] });
  });

  it('is 503 with the reason of a check that fails', async () => {
    const { status, body } = await readyzWith(check(() => Promise.reject(new Error('no connection'))));
    expect(status).toBe(503);
    expect(body).toMatchObject({ detail: 'no connection', problems: [{ code: 'check-failed' }] });
  });

  it('is 503 when a check cannot be resolved', async () => {
    // An instance per request cannot be resolved outside of one.
    const { status, body } = await readyzWith({
      provide: READINESS_CHECK,
      scope: 2,
      useFactory: () => () => Promise.resolve(),
    });
    expect(status).toBe(503);
    expect(JSON.stringify(body)).toContain('A readiness check could not be resolved');
  });
});
