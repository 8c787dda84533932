import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import { expect, it } from 'vitest';
import { createService } from './service.js';

const answerMs = 300;

@Controller()
class SlowController {
  @Get()
  async slow(): Promise<string> {
    await sleep(answerMs);
    return 'done';
  }
}

@Module({ controllers: [SlowController] })
class SlowModule {}

function startSlowService(shutdownDelayMs: number) {
  return createService({
    name: 'slow',
    description: 'under test',
    module: SlowModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: shutdownDelayMs },
  });
}

it('answers what is in flight on a kept-alive connection, and then ends at once', async () => {
  const app = await startSlowService(0);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  try {
    const request = get(await app.getUrl(), { agent });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    await sleep(answerMs / 3);
    const startedAt = performance.now();
    const closed = app.close();
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    await closed;
    // Without help it would be Fastify's keep-alive time-out of 72 s.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  } finally {
    agent.destroy();
  }
});

it('fails no request of a client that goes on asking, if it is given the time', async () => {
  const app = await startSlowService(1_500);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = await app.getUrl();
  const agent = new Agent({ keepAlive: true });
  const ask = async (): Promise<IncomingMessage> => {
    const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response;
  };
  try {
    expect((await ask()).headers.connection).toBe('keep-alive');
    const closed = app.close();
    for (const startedAt = performance.now(); performance.now() - startedAt < 1_000;) {
      const { statusCode, headers } = await ask();
      // Also on the connection that was kept from before, and on those that are new.
      expect([statusCode, headers.connection]).toEqual([200, 'close']);
    }
    // A load balancer learns that the service is not ready.
    expect([(await fetch(`${url}/readyz`)).status, (await fetch(`${url}/livez`)).status]).toEqual([503, 200]);
    await closed;
    await expect(ask()).rejects.toThrow('ECONNREFUSED');
  } finally {
    agent.destroy();
  }
});
