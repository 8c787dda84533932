import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { queryAsReader, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceRequestSchema } from '../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { readQuery } from './all.ts';
import { bindQuery } from './query.ts';

const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 20 * 60_000;
const range = { from: new Date(startMs).toISOString(), to: new Date(startMs + 600_000).toISOString() };

let database: FreshDatabase;
let store: RunningTracestore;

type Attributes = readonly ReturnType<typeof text>[];
const integer = (key: string, value: bigint) => attribute(key, { case: 'intValue', value });
const reasons = (...values: readonly string[]) =>
  attribute('gen_ai.response.finish_reasons', {
    case: 'arrayValue',
    value: { values: values.map((value) => ({ value: { case: 'stringValue', value } })) },
  });

/** A call of a model that starts so many seconds after the start of the range. */
function call(name: string, atS: number, durationMs: number, attributes: Attributes, over: SpanInit = {}): SpanInit {
  const start = BigInt(startMs + atS * 1000) * 1_000_000n;
  return goodSpan({
    traceId: hexBytes(atS.toString(16).padStart(32, 'a')),
    name,
    kind: 3,
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(durationMs) * 1_000_000n,
    attributes: [...attributes],
    ...over,
  });
}

const openai: Attributes = [
  text('gen_ai.operation.name', 'chat'),
  text('gen_ai.provider.name', 'openai'),
  text('gen_ai.request.model', 'gpt-4o'),
];
const spans: readonly SpanInit[] = [
  call('chat gpt-4o', 1, 1000, [
    ...openai,
    text('gen_ai.response.model', 'gpt-4o-2024'),
    integer('gen_ai.usage.input_tokens', 100n),
    integer('gen_ai.usage.output_tokens', 50n),
    reasons('stop'),
  ]),
  call('chat gpt-4o', 61, 3000, [
    ...openai,
    text('gen_ai.response.model', 'gpt-4o-2024'),
    integer('gen_ai.usage.input_tokens', 200n),
    integer('gen_ai.usage.output_tokens', 150n),
    reasons('stop', 'length'),
  ]),
  call('chat gpt-4o', 62, 10, openai, { status: { code: 2 } }),
  // Older names, and values of other types.
  call('ask', 63, 500, [
    text('gen_ai.system', 'anthropic'),
    text('gen_ai.request.model', 'claude'),
    text('gen_ai.response.finish_reasons', 'end_turn'),
    integer('gen_ai.usage.prompt_tokens', 2n ** 62n),
    text('gen_ai.usage.completion_tokens', 'many'),
  ]),
  // Not calls of models.
  call('invoke_agent', 64, 9000, [
    text('gen_ai.operation.name', 'invoke_agent'),
    text('gen_ai.request.model', 'gpt-4o'),
    integer('gen_ai.usage.input_tokens', 300n),
  ]),
  call('execute_tool', 65, 5, [text('gen_ai.tool.name', 'clock')]),
  call('GET /', 66, 5, [text('http.route', '/')]),
  // Outside of the range.
  call('chat gpt-4o', 700, 1000, openai),
];

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

const run = (file: string, to = range.to): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const query = readQuery('models', file);
  const values = Object.fromEntries(
    Object.entries({ ...range, to }).filter(([name]) => query.parameters.some((parameter) => parameter.name === name)),
  );
  const { text: sql, values: bound } = bindQuery(query, values);
  return queryAsReader(database.url, sql, bound);
};

describe('the dashboard of models', () => {
  it('is empty without calls of models', async () => {
    for (const file of ['models.sql', 'calls-by-model.sql', 'tokens-by-model.sql', 'finish-reasons.sql']) {
      expect(await run(file)).toEqual([]);
    }
  });

  it('has calls, errors, durations, tokens and finish reasons of each model', async () => {
    const resource = { attributes: [text('service.name', 'assistant')] };
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ resource, scopeSpans: [{ spans: [...spans] }] }],
    });
    await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    expect(await run('models.sql')).toEqual([
      {
        model: 'gpt-4o-2024',
        provider: 'openai',
        calls: '2',
        error_rate: 0,
        p50_ms: 1000,
        p95_ms: 3000,
        input_tokens: 300,
        output_tokens: 200,
        output_tokens_per_second: 50,
        finish_reasons: 'stop 2, length 1',
      },
      {
        model: 'claude',
        provider: 'anthropic',
        calls: '1',
        error_rate: 0,
        p50_ms: 500,
        p95_ms: 500,
        input_tokens: 1e15,
        output_tokens: 0,
        output_tokens_per_second: null,
        finish_reasons: 'end_turn 1',
      },
      {
        model: 'gpt-4o',
        provider: 'openai',
        calls: '1',
        error_rate: 1,
        p50_ms: 10,
        p95_ms: 10,
        input_tokens: 0,
        output_tokens: 0,
        output_tokens_per_second: null,
        finish_reasons: '',
      },
    ]);
    expect(await run('finish-reasons.sql')).toEqual([
      { finish_reason: 'stop', calls: '2' },
      { finish_reason: 'end_turn', calls: '1' },
      { finish_reason: 'length', calls: '1' },
    ]);
  });

  it('has calls, durations and tokens over time', async () => {
    const minute = (n: number): Date => new Date(startMs + n * 60_000);
    expect(await run('calls-by-model.sql')).toEqual([
      { time: minute(0), series: 'gpt-4o-2024', calls_per_second: 1 / 60 },
      { time: minute(1), series: 'claude', calls_per_second: 1 / 60 },
      { time: minute(1), series: 'gpt-4o', calls_per_second: 1 / 60 },
      { time: minute(1), series: 'gpt-4o-2024', calls_per_second: 1 / 60 },
    ]);
    const tokens = await run('tokens-by-model.sql');
    expect(tokens.filter(({ series }) => series === 'gpt-4o-2024').map((row) => row['tokens_per_second'])).toEqual([
      150 / 60,
      350 / 60,
    ]);
    const durations = await run('durations-by-model.sql');
    expect(durations.filter(({ series }) => series === 'gpt-4o-2024').map((row) => row['p95_ms'])).toEqual([
      1000, 3000,
    ]);
    // A step that is not over has the rate of its seconds so far, and none at first.
    const second = async (file: string, seconds: number) =>
      (await run(file, new Date(startMs + 60_000 + seconds * 1_000).toISOString())).filter(
        ({ time, series }) => Number(time) === Number(minute(1)) && series === 'gpt-4o-2024',
      );
    expect(await second('calls-by-model.sql', 40)).toMatchObject([{ calls_per_second: 1 / 40 }]);
    expect(await second('tokens-by-model.sql', 40)).toMatchObject([{ tokens_per_second: 350 / 40 }]);
    expect(await second('calls-by-model.sql', 20)).toEqual([]);
    expect(await second('tokens-by-model.sql', 20)).toEqual([]);
    expect((await run('slowest-calls.sql')).map((row) => row['duration_ms'])).toEqual([3000, 1000, 500, 10]);
  });
});
