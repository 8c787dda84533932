import { Logger, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger as PinoLogger } from 'nestjs-pino';
import { afterEach, expect, it, vi } from 'vitest';
import { createService } from './service.js';

@Module({})
class EmptyModule {}

let app: NestFastifyApplication | undefined;

afterEach(async () => {
  await app?.close();
});

it('a service writes a line of its log at once, also while it starts', async () => {
  app = await createService({
    name: 'starting',
    description: 'under test',
    module: EmptyModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: 0 },
  });
  const written = vi.spyOn(app.get(PinoLogger), 'warn');
  new Logger('Start').warn('waits for something');
  expect(written).toHaveBeenCalledWith('waits for something', 'Start');
});
