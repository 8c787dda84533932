import { Controller, Get, Module, Param } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService } from './service.js';

@Controller()
class ThingsController {
  @Get('things/:id')
  read(@Param('id') id: string): string {
    return id;
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  app = await createService({
    name: 'measured',
    description: 'under test',
    module: ThingsModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: 0 },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = await app.getUrl();
});

afterAll(() => app.close());

async function counts(): Promise<Readonly<Record<string, number>>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  return Object.fromEntries(
    [...text.matchAll(/^http_server_request_duration_seconds_count\{(.*)\} (\d+)$/gm)].map(([, labels = '', count]) => [
      labels,
      Number(count),
    ]),
  );
}

describe('/metrics of a service', () => {
  it('has the durations of requests by route, whatever paths clients make up, and none of probes', async () => {
    for (const path of ['things/1', 'things/2', 'things/3', 'made-up/1', 'made-up/2', 'livez', 'readyz']) {
      await (await fetch(`${url}/${path}`)).text();
    }
    const label = (route: string, status: number): string =>
      `http_request_method="GET",http_route="${route}",http_response_status_code="${status}"`;
    await expect.poll(counts).toEqual({ [label('/things/:id', 200)]: 3, [label('', 404)]: 2 });
  });

  it('has the metrics of the process', async () => {
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^process_resident_memory_bytes \d/m);
  });
});
