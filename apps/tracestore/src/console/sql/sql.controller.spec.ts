import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { readTracestoreConfig } from '../../config/tracestore.config.js';
import type { AccessService } from '../access/access.service.js';
import { consoleParts } from '../console-parts.js';
import { SqlController } from './sql.controller.js';
import type { SqlDeskService } from './sql-desk.service.js';

const config = readTracestoreConfig({});

/** The client on whose behalf the schema is read. */
async function clientOfRequestFrom(ip: string): Promise<string> {
  const clients: string[] = [];
  const desk = { catalogue: async (client: string) => clients.push(client) } as unknown as SqlDeskService;
  const access = { nameOf: () => undefined } as unknown as AccessService;
  const controller = new SqlController(desk, config, access);
  await controller.catalogue({ ip } as FastifyRequest, new AbortController().signal);
  return clients.join();
}

/** The client whose statements in a minute are counted. */
function throttledClientOf(ip: string): unknown {
  const providers = consoleParts(config.console).imports.flatMap((part) => part.providers ?? []);
  const values = providers.flatMap((provider) => ('useValue' in provider ? [provider.useValue as unknown] : []));
  const options = values.find((value) => typeof value === 'object' && value !== null && 'getTracker' in value);
  return (options as { readonly getTracker: (request: object) => string }).getTracker({ ip });
}

it.each([
  ['addresses of one IPv6 network', '2001:db8::1', '2001:db8::ffff:1', true],
  ['addresses of two IPv6 networks', '2001:db8::1', '2001:db8:0:1::1', false],
  ['an IPv4 address in both notations', '192.0.2.1', '::ffff:192.0.2.1', true],
  ['two IPv4 addresses', '192.0.2.1', '192.0.2.2', false],
])('the SQL page takes %s for one client or two', async (_what, first, second, isSame) => {
  expect((await clientOfRequestFrom(first)) === (await clientOfRequestFrom(second))).toBe(isSame);
  expect(throttledClientOf(first) === throttledClientOf(second)).toBe(isSame);
});
