import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createService } from '@spandrel/service';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { readTracestoreConfig } from '../../config/tracestore.config.js';
import { DatabaseService } from '../../database/database.service.js';
import { TracestoreModule } from '../../tracestore.module.js';

/** Routes that need no session: probes, metrics, signing in, and files that are the same for every user. */
const publicRoutes = [
  '/*',
  '/api/session',
  '/assets/:name',
  '/favicon.svg',
  '/livez',
  '/metrics',
  '/openapi.json',
  '/readyz',
  '/tempo/ready',
];

/** A controller whose author did not think of access. */
@Controller()
class CarelessController {
  @Get('api/careless')
  read(): string {
    return 'secret';
  }

  @Post('careless')
  write(): string {
    return 'secret';
  }
}

let database: FreshDatabase;
let app: NestFastifyApplication;
/** As Fastify reports them; it has the OpenAPI document before the hook. */
const routes: { readonly method: string; readonly url: string }[] = [{ method: 'GET', url: '/openapi.json' }];

beforeAll(async () => {
  database = await createFreshDatabase();
  const config = {
    ...readTracestoreConfig({
      TRACESTORE_DATABASE_URL: database.url,
      TRACESTORE_CONSOLE_TOKEN: 'a-token-of-24-letters-at-least',
    }),
    otlpGrpcPort: 0,
    otlpHttpPort: 0,
    jaegerGrpcPort: 0,
    tempoPort: 0,
  };
  @Module({ imports: [TracestoreModule.forRoot(config)], controllers: [CarelessController] })
  class TestModule {}
  app = await createService({
    name: 'tracestore',
    description: 'under test',
    module: TestModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: 0 },
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.push({ method: each, url });
    });
  await app.listen({ host: '127.0.0.1', port: 0 });
  await app.get(DatabaseService, { strict: false }).started();
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

it('every route of the HTTP port is public by this list or requires a session', async () => {
  const open = new Set<string>();
  for (const { method, url } of routes) {
    const path = url.replaceAll(/:\w+/g, 'x').replace('*', '');
    const { status } = await fetch(`${await app.getUrl()}${path}`, { method });
    if (status !== 401) open.add(url);
  }
  expect([...open].toSorted()).toEqual(publicRoutes);
  expect(routes.map(({ url }) => url)).toEqual(expect.arrayContaining(['/api/careless', '/careless', '/api/sql']));
});
