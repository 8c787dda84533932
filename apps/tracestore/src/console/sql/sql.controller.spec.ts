import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { readTracestoreConfig } from '../../config/tracestore.config.js';
import type { AccessService } from '../access/access.service.js';
import { SqlController } from './sql.controller.js';
import type { SqlService } from './sql.service.js';
import { sqlThrottling } from './sql-throttling.js';

const config = readTracestoreConfig({});

/** The client on whose behalf the schema is read. */
async function clientOfRequestFrom(ip: string): Promise<string> {
  const clients: string[] = [];
  const service = { catalogue: async (client: string) => clients.push(client) } as unknown as SqlService;
  const access = { nameOf: () => undefined } as unknown as AccessService;
  const controller = new SqlController(service, config, access);
  await controller.catalogue({ ip } as FastifyRequest, new AbortController().signal);
  return clients.join();
}

/** The client whose queries in a minute are counted. */
function throttledClientOf(ip: string): string {
  return sqlThrottling(config).getTracker({ ip });
}

it.each([
  ['addresses of one IPv6 network', '2001:db8::1', '2001:db8::ffff:1', true],
  ['addresses of two IPv6 networks', '2001:db8::1', '2001:db8:0:1::1', false],
  ['an IPv4 address in both notations', '192.0.2.1', '::ffff:192.0.2.1', true],
  ['two IPv4 addresses', '192.0.2.1', '192.0.2.2', false],
])('SQL queries from %s count as those of one client or of two', async (_what, first, second, isSame) => {
  expect((await clientOfRequestFrom(first)) === (await clientOfRequestFrom(second))).toBe(isSame);
  expect(throttledClientOf(first) === throttledClientOf(second)).toBe(isSame);
});
