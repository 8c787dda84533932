import { Test } from '@nestjs/testing';
import { Clock, Randomness } from '@spandrel/characters';
import {
  FixedClock,
  FixedRandomness,
  type RecordedSpan,
  recordSpans,
  type ScriptedAnswer,
  startUpstream,
  type Upstream,
} from '@spandrel/characters/testing';
import { createService } from '@spandrel/service';
import { afterEach, describe, expect, it } from 'vitest';
import { GeneratorModule } from './generator.module.js';
import { GeneratorService } from './generator.service.js';

const recorder = recordSpans();

type Kind = 'upper' | 'lower' | 'digit' | 'special';
const good: Readonly<Record<Kind, ScriptedAnswer>> = {
  upper: { status: 200, body: '{"char":"U"}' },
  lower: { status: 200, body: '{"char":"l"}' },
  digit: { status: 200, body: '{"char":"0"}' },
  special: { status: 200, body: '{"char":"!"}' },
};

let upstreams: Record<Kind, Upstream>;
afterEach(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.stop())));

async function startUpstreams(answers: Partial<Record<Kind, ScriptedAnswer>> = {}) {
  const script = { ...good, ...answers };
  upstreams = {
    upper: await startUpstream(script.upper),
    lower: await startUpstream(script.lower),
    digit: await startUpstream(script.digit),
    special: await startUpstream(script.special),
  };
}

function generatorModule() {
  return GeneratorModule.forRoot({
    UPPER_URL: upstreams.upper.url,
    LOWER_URL: upstreams.lower.url,
    DIGIT_URL: upstreams.digit.url,
    SPECIAL_URL: upstreams.special.url,
    UPSTREAM_TIMEOUT_MS: 100,
  });
}

/** @param integers the length of the password, then the number of fetched characters of each kind, by round */
async function generate(...integers: readonly number[]) {
  const clock = new FixedClock();
  const randomness = new FixedRandomness({ integers });
  const testing = await Test.createTestingModule({ imports: [generatorModule()] })
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(Randomness)
    .useValue(randomness)
    .compile();
  const answer = await testing
    .get(GeneratorService)
    .generate()
    .catch((error: unknown) => (error instanceof Error ? error.message : error));
  return { answer, spans: recorder.trees(), sleptMs: clock.sleptMs, draws: randomness.draws };
}

function fetched(kinds: string, count: number): RecordedSpan {
  const iterations = Array.from({ length: count }, (_, iteration) => iteration);
  return {
    name: `generator.${kinds}`,
    ...(count === 0
      ? {}
      : {
          events: iterations.map((iteration) => ({ name: `iteration_${iteration}`, attributes: { iteration } })),
          children: iterations.map(() => ({ name: 'GET', kind: 'CLIENT' })),
        }),
  };
}

const loop = (iteration: number) => ({ name: `generate_loop_${iteration}`, attributes: { iteration } });

describe('generator', () => {
  it('fetches characters by kind and round until there are enough, and shuffles them', async () => {
    await startUpstreams();
    expect(await generate(8, /* round 1 */ 3, 0, 1, 0, /* round 2 */ 1, 1, 0, 2)).toEqual({
      answer: '!!lU0UUU',
      spans: [
        {
          name: 'generator.generate',
          attributes: { pwlen: 8 },
          events: [{ name: 'selecting_password_length' }, loop(1), loop(2), { name: 'shuffling_password' }],
          children: [
            fetched('uppers', 3),
            fetched('lowers', 0),
            fetched('digits', 1),
            fetched('specials', 0),
            fetched('uppers', 1),
            fetched('lowers', 1),
            fetched('digits', 0),
            fetched('specials', 2),
          ],
        },
      ],
      sleptMs: [0.01],
      draws: ['N(0.01, 0.01)', 'I(8, 25)', ...Array<string>(8).fill('I(0, 3)')],
    });
  });

  it('trims surplus characters after the shuffle', async () => {
    await startUpstreams();
    const { answer, spans } = await generate(9, 3, 3, 3, 3);
    expect(answer).toBe('!!!000lll');
    expect(spans[0]?.events).toEqual([
      { name: 'selecting_password_length' },
      loop(1),
      { name: 'shuffling_password' },
      { name: 'trimming_password', attributes: { pwlen: 9 } },
    ]);
  });

  it('propagates its trace to the services', async () => {
    await startUpstreams();
    await generate(8, 3, 3, 3, 3);
    const requests = Object.values(upstreams).flatMap((upstream) => upstream.requests);
    const traceIds = new Set(requests.map(({ traceparent }) => String(traceparent).split('-')[1]));
    expect(requests).toHaveLength(12);
    expect([...traceIds]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it.each<[string, ScriptedAnswer]>([
    ['fails', { status: 500, body: '{"title":"Internal Server Error"}' }],
    ['answers no JSON', { status: 200, body: '<html>' }],
    ['answers without a char', { status: 200, body: '{"digit":"0"}' }],
    ['answers a failure with a char', { status: 500, body: '{"char":"0"}' }],
    ['does not answer', 'never'],
  ])('fails when a service %s, and asks nobody any more', async (_, answer) => {
    await startUpstreams({ digit: answer });
    expect(await generate(8, 1, 1, 2)).toEqual(failureToFetchADigit);
    expect(upstreams.special.requests).toHaveLength(0);
  });

  it('fails if a service is unavailable', async () => {
    await startUpstreams();
    await upstreams.digit.stop();
    expect(await generate(8, 1, 1, 2)).toEqual(failureToFetchADigit);
  });

  it('responds with a password over HTTP, or with a problem that does not name the failed service', async () => {
    await startUpstreams();
    const config = { HOST: '127.0.0.1', PORT: 1, LOG_LEVEL: 'silent' } as const;
    const service = await createService({ name: 'generator', description: '', module: generatorModule(), config });
    await service.init();
    const success = await service.inject({ url: '/' });
    expect(success.json()).toEqual({ password: expect.stringMatching(/^[Ul0!]{8,25}$/) });
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
    const failure = await service.inject({ url: '/' });
    await service.close();
    expect(failure.statusCode).toBe(500);
    expect(failure.headers['content-type']).toMatch('application/problem+json');
    expect(failure.json()).toMatchObject({ status: 500, title: 'Internal Server Error' });
    expect(failure.body).not.toMatch('FAILED');
  });
});

const failedToFetchADigit = {
  name: 'exception',
  attributes: { 'exception.type': 'Error', 'exception.message': 'FAILED to fetch a digit char' },
};

const failureToFetchADigit = {
  answer: 'FAILED to fetch a digit char',
  spans: [
    {
      name: 'generator.generate',
      attributes: { pwlen: 8 },
      events: [{ name: 'selecting_password_length' }, loop(1), failedToFetchADigit],
      error: 'FAILED to fetch a digit char',
      children: [
        fetched('uppers', 1),
        fetched('lowers', 1),
        {
          name: 'generator.digits',
          events: [{ name: 'iteration_0', attributes: { iteration: 0 } }, failedToFetchADigit],
          error: 'FAILED to fetch a digit char',
          children: [expect.objectContaining({ name: 'GET', kind: 'CLIENT' })],
        },
      ],
    },
  ],
  sleptMs: [0.01],
  draws: ['N(0.01, 0.01)', 'I(8, 25)', 'I(0, 3)', 'I(0, 3)', 'I(0, 3)'],
};
