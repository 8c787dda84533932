import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  attributeKeysResponse,
  attributeValuesResponse,
  catalogueResponse,
  dashboardsResponse,
  genAiResponse,
  matchesResponse,
  operationsResponse,
  partitionsResponse,
  queryResponse,
  retention,
  searchResponse,
  spansResponse,
  servicesResponse,
  spanDetailsResponse,
  sqlResponse,
  sqlLimits,
  storageResponse,
  systemResponse,
  waterfall,
} from '@spandrel/console-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { attribute, goodSpan, hexBytes, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { ExportTraceServiceRequestSchema } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { readTracestoreConfig } from '../config/tracestore.config.js';

const startMs = Date.now() - 600_000;
const hostileTraceId = randomBytes(16).toString('hex');
const hostile = `<script>alert("1")</script> 'x'; -- \u202e\u{1F600} \u2028 \\`;

let database: FreshDatabase;
let store: RunningTracestore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { queryTimeoutMs: 20_000 });
  await sendPasswordTraces(store, startMs);
  const request = create(ExportTraceServiceRequestSchema, {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', hostile)] },
        scopeSpans: [
          {
            spans: [
              goodSpan({
                traceId: hexBytes(hostileTraceId),
                spanId: hexBytes('ffffffffffffffff'),
                name: hostile,
                startTimeUnixNano: BigInt(startMs) * 1_000_000n + 7n,
                // Ends before it starts.
                endTimeUnixNano: BigInt(startMs) * 1_000_000n,
                attributes: [
                  text(hostile, hostile),
                  text('long', 'ä'.repeat(1_000_000)),
                  attribute('int', { case: 'intValue', value: 2n ** 63n - 1n }),
                  attribute('double', { case: 'doubleValue', value: 5 }),
                ],
                events: [{ name: hostile, attributes: [text('exception.stacktrace', 'at Needle.find')] }],
              }),
            ],
          },
        ],
      },
    ],
  });
  await sendGrpc(store.grpcAddress, encodeProtobuf(request));
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

function api(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${store.url}/api/${path}`, init);
}

/** The answer, held to the schema that the OpenAPI document shows. */
async function get<Answer>(schema: z.ZodType<Answer>, path: string): Promise<Answer> {
  const response = await api(path);
  expect(response.status, await response.clone().text()).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return schema.parse(await response.json());
}

async function problemOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

function ask(sql: string, explain = 'no', signal?: AbortSignal): Promise<Response> {
  return api('sql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql, explain }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function rowsOf(sql: string): Promise<z.infer<typeof sqlResponse>> {
  const response = await ask(sql);
  expect(response.status, await response.clone().text()).toBe(200);
  return sqlResponse.parse(await response.json());
}

describe('the catalogue', () => {
  it('names services and operations', async () => {
    const { services } = await get(servicesResponse, 'services');
    expect(services.toSorted()).toEqual([hostile, 'digit', 'generator', 'lower', 'upper'].toSorted());
    expect(await get(operationsResponse, 'operations?service=generator')).toEqual({
      operations: [
        { service: 'generator', name: 'HTTP GET', kind: 'client' },
        { service: 'generator', name: 'generator.generate', kind: 'internal' },
      ],
    });
  });

  it('proposes keys and values of attributes', async () => {
    const { keys } = await get(attributeKeysResponse, 'attribute-keys?service=generator');
    expect(keys).toContainEqual({ key: 'pwlen', level: 'span', spans: 6 });
    expect(keys).toContainEqual({ key: 'telemetry.sdk.name', level: 'resource', spans: 6 });
    const { values } = await get(attributeValuesResponse, 'attribute-values?key=pwlen');
    expect(values).toEqual([
      { value: '25', spans: 7 },
      { value: '8', spans: 7 },
    ]);
    const { keys: later } = await get(
      attributeKeysResponse,
      `attribute-keys?from=${BigInt(startMs + 60_000) * 1_000_000n}`,
    );
    expect(later).toEqual([]);
  });
});

describe('a search', () => {
  it('gives summaries, the newest first, a page at a time', async () => {
    const first = await get(searchResponse, 'traces?service=generator&limit=1');
    expect(first.traces).toMatchObject([
      {
        traceId: passwordTraceId(2),
        root: { service: 'generator', operation: 'generator.generate' },
        startTimeUnixNano: String(BigInt(startMs + 10_000) * 1_000_000n),
        durationNs: 100_000_000,
        spans: 7,
        errors: 3,
        orphans: 0,
      },
    ]);
    const second = await get(searchResponse, `traces?service=generator&limit=1&cursor=${first.nextCursor}`);
    expect(second.traces.map(({ traceId }) => traceId)).toEqual([passwordTraceId(1)]);
    // A page that is full may be the last one.
    const third = await get(searchResponse, `traces?service=generator&limit=1&cursor=${second.nextCursor}`);
    expect(third).toMatchObject({ traces: [], nextCursor: null });
  });

  it.each([
    ['status=error', [2]],
    ['attribute=pwlen%3D25', [1]],
    ['attribute=pwlen%3C25', [2]],
    ['attribute=char~%5Bxz%5D&attribute=os_name', [2, 1]],
    ['service=lower&operation=HTTP%20GET&minDurationNs=7000000&duration=span', [2]],
    ['service=lower&minDurationNs=100000000&maxDurationNs=100000000', [2, 1]],
    ['service=lower&maxDurationNs=99999999', []],
    ['service=digit&kind=client', []],
  ])('understands %s', async (query, numbers) => {
    const { traces } = await get(searchResponse, `traces?${query}`);
    const expected = numbers.map((number) => passwordTraceId(number as 1 | 2));
    expect(traces.map(({ traceId }) => traceId).filter((id) => id !== hostileTraceId)).toEqual(expected);
  });

  it.each([
    ['service=nobody&operation=x&attribute=pwlen', [{ parameter: 'service', name: 'nobody' }]],
    ['service=generator&operation=x', [{ parameter: 'operation', name: 'x' }]],
    ['operation=generator.generate&attribute=foo%20bar%3D1', [{ parameter: 'attribute', name: 'foo bar' }]],
    ['service=generator&from=1&to=2', [{ parameter: 'service', name: 'generator' }]],
    ['service=generator&attribute=pwlen%3D7', []],
  ])('without results says which names no span has: %s', async (query, unknown) => {
    expect(await get(searchResponse, `traces?${query}`)).toMatchObject({ unknown });
    expect(await get(spansResponse, `spans?${query}`)).toMatchObject({ unknown });
  });

  it('for spans gives spans, with attributes of choice, a page at a time', async () => {
    const query = 'spans?service=generator&attribute=pwlen&column=pwlen&column=none&limit=1';
    const first = await get(spansResponse, query);
    expect(first.spans).toMatchObject([{ traceId: passwordTraceId(2), service: 'generator', attributes: ['8', null] }]);
    const second = await get(spansResponse, `${query}&cursor=${first.nextCursor}`);
    expect(second.spans).toMatchObject([{ service: 'generator' }]);
    expect(second.spans[0]?.spanId).not.toBe(first.spans[0]?.spanId);
  });

  it.each([
    ['limit=0', 'limit'],
    ['from=yesterday', 'nanoseconds'],
    ['attribute=%3D5', 'attribute should be a key'],
    ['attribute=a~%5B', 'attribute a~['],
    ['cursor=nonsense', 'cursor must be'],
    ['kind=butler', 'kind'],
    ['minDurationNs=2&maxDurationNs=1', 'minDurationNs: must be at most maxDurationNs'],
    ['duration=all', 'duration'],
  ])('says what is wrong with %s', async (query, words) => {
    const response = await api(`traces?${query}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response))['detail']).toContain(words);
  });
});

describe('a trace', () => {
  it('comes in columns', async () => {
    const trace = await get(waterfall, `traces/${passwordTraceId(2)}`);
    expect(trace.durationNs).toBe(100_000_000);
    const { id, parentId, operation, startNs, durationNs, status, events } = trace.spans;
    const rows = id.map((spanId, n) => [
      Number(`0x${spanId}`),
      parentId[n] === null ? 0 : Number(`0x${parentId[n]}`),
      trace.operations[operation[n] ?? -1]?.slice(0, 2).join(' '),
      (startNs[n] ?? 0) / 1e6,
      (durationNs[n] ?? 0) / 1e6,
      status[n],
      events[n],
    ]);
    expect(rows).toEqual([
      [1, 0, 'generator generator.generate', 0, 100, 2, 1],
      [2, 1, 'generator HTTP GET', 10, 40, 2, 0],
      [3, 2, 'lower GET /', 12, 36, 2, 0],
      [4, 3, 'lower HTTP GET', 14, 26, 0, 0],
      [5, 4, 'digit GET /', 15, 4, 0, 0],
      [6, 1, 'generator HTTP GET', 30, 40, 0, 0],
      [7, 6, 'upper GET /', 32, 36, 0, 0],
    ]);
  });

  it('responds with 404 for an unknown id and 400 for an invalid one', async () => {
    const missing = await api(`traces/${'0'.repeat(31)}1`);
    expect(missing.status).toBe(404);
    expect(await problemOf(missing)).toMatchObject({ type: 'urn:spandrel:problem:unknown-trace' });
    expect((await api('traces/abc')).status).toBe(400);
  });

  it('has details of each span, with no digit lost and nothing taken for markup', async () => {
    const from = BigInt(startMs) * 1_000_000n;
    const response = await api(`traces/${hostileTraceId}/spans/ffffffffffffffff?from=${from}&to=${from + 1000n}`);
    const body = await response.text();
    const { spans } = spanDetailsResponse.parse(JSON.parse(body));
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ service: hostile, name: hostile, parentSpanId: null, kind: 2 });
    expect(spans[0]?.attributes[hostile]).toBe(hostile);
    expect(String(spans[0]?.attributes['long'])).toHaveLength(1_000_000);
    expect(spans[0]?.events).toMatchObject([
      { name: hostile, attributes: { 'exception.stacktrace': 'at Needle.find' } },
    ]);
    expect(body).toMatch(/"int": ?9223372036854775807/);
    expect(body).toMatch(/"double": ?5\.0/);
    expect((await get(waterfall, `traces/${hostileTraceId}`)).spans.durationNs).toEqual([0]);
    const elsewhere = await api(`traces/${hostileTraceId}/spans/0000000000000001`);
    expect(elsewhere.status).toBe(404);
  });

  it('finds texts in it, wherever they stand', async () => {
    const find = async (traceId: string, words: string): Promise<readonly number[]> => {
      const path = `traces/${traceId}/matches?text=${encodeURIComponent(words)}`;
      return (await get(matchesResponse, path)).spanIds.map((id) => Number(BigInt.asUintN(16, BigInt(`0x${id}`))));
    };
    expect(await find(passwordTraceId(2), 'GET /')).toEqual([3, 5, 7]);
    expect(await find(passwordTraceId(2), 'Lower')).toEqual([1, 2, 3, 4]);
    expect(await find(passwordTraceId(2), 'selecting')).toEqual([1]);
    expect(await find(passwordTraceId(1), 'failed to')).toEqual([]);
    expect(await find(hostileTraceId, hostile)).toEqual([0xffff]);
    expect(await find(hostileTraceId, 'needle.FIND')).toEqual([0xffff]);
  });

  it('can be taken away as OTLP', async () => {
    const response = await api(`traces/${passwordTraceId(1)}/otlp`);
    const document = (await response.json()) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
    const spans = document.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    expect(spans).toHaveLength(7);
  });
});

describe('the gen_ai spans of a trace', () => {
  const agentTraceId = randomBytes(16).toString('hex');

  beforeAll(async () => {
    const spanOf = (id: string, attributes: readonly ReturnType<typeof text>[], over = {}) =>
      goodSpan({
        traceId: hexBytes(agentTraceId),
        spanId: hexBytes(id.padStart(16, '0')),
        startTimeUnixNano: BigInt(startMs) * 1_000_000n + BigInt(id),
        endTimeUnixNano: BigInt(startMs) * 1_000_000n + 1_000n,
        attributes: [...attributes],
        ...over,
      });
    const messages = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'x'.repeat(60_000) }] }]);
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        {
          resource: { attributes: [text('service.name', 'agent')] },
          scopeSpans: [
            {
              spans: [
                spanOf('2', [
                  text('gen_ai.operation.name', 'chat'),
                  text('gen_ai.request.model', 'gpt-4o'),
                  attribute('gen_ai.usage.input_tokens', { case: 'intValue', value: 12n }),
                  text('gen_ai.input.messages', messages),
                  text('http.route', '/chat'),
                ]),
                spanOf('1', [text('http.route', '/')]),
                spanOf('3', [text('gen_ai.tool.name', hostile)], {
                  events: [
                    { name: 'gen_ai.user.message', attributes: [text('content', hostile)] },
                    { name: 'other', attributes: [text('content', 'no')] },
                  ],
                }),
              ],
            },
          ],
        },
      ],
    });
    await sendGrpc(store.grpcAddress, encodeProtobuf(request));
  });

  it('come without messages by default', async () => {
    expect(await get(genAiResponse, `traces/${agentTraceId}/gen-ai`)).toEqual({
      spans: [
        {
          spanId: '0000000000000002',
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.request.model': 'gpt-4o',
            'gen_ai.usage.input_tokens': 12,
          },
          events: [],
        },
        { spanId: '0000000000000003', attributes: { 'gen_ai.tool.name': hostile }, events: [] },
      ],
      isCut: false,
    });
  });

  it('come with messages, long ones cut, and with gen_ai events on request', async () => {
    const { spans } = await get(genAiResponse, `traces/${agentTraceId}/gen-ai?content=1`);
    expect(String(spans[0]?.attributes['gen_ai.input.messages'])).toHaveLength(50_000);
    expect(spans[1]?.events).toEqual([{ name: 'gen_ai.user.message', attributes: { content: hostile } }]);
  });

  it('are none in other traces; invalid input is a client error', async () => {
    expect(await get(genAiResponse, `traces/${passwordTraceId(1)}/gen-ai`)).toEqual({ spans: [], isCut: false });
    expect((await api(`traces/${agentTraceId}/gen-ai?content=2`)).status).toBe(400);
    expect((await api('traces/abc/problems')).status).toBe(400);
  });
});

describe('SQL', () => {
  it('gives rows with the names and types of columns, also of equal names', async () => {
    const answer = await rowsOf(
      `SELECT service_name AS a, count(*) AS a, now() - now() AS "it's", NULL::jsonb AS answer
       FROM span GROUP BY 1 HAVING service_name = 'digit'; -- done`.replace('; -- done', ' -- done\n;'),
    );
    expect(answer.columns).toEqual([
      { name: 'a', type: 'text' },
      { name: 'a', type: 'bigint' },
      { name: "it's", type: 'interval' },
      { name: 'answer', type: 'jsonb' },
    ]);
    expect(answer.rows).toEqual([['digit', 2, '00:00:00', null]]);
    expect(answer.isTruncated).toBe(false);
  });

  it('is cut after so many rows, or so many bytes', async () => {
    const many = await rowsOf('SELECT n FROM generate_series(1, 10001) AS n');
    expect([many.rows.length, many.rows.at(-1), many.isTruncated]).toEqual([10_000, [10_000], true]);
    const exact = await rowsOf('SELECT n FROM generate_series(1, 10000) AS n');
    expect([exact.rows.length, exact.isTruncated]).toEqual([10_000, false]);
    const long = await rowsOf(`SELECT repeat('x', 5000000) FROM generate_series(1, 5)`);
    expect([long.rows.length, long.isTruncated]).toEqual([3, true]);
    const tooLong = await ask(`SELECT repeat('x', 20000000)`);
    expect((await problemOf(tooLong))['detail']).toContain('the first row is longer');
  });

  it('explains, and with analyze runs', async () => {
    for (const explain of ['plan', 'analyze']) {
      const response = await ask('SELECT * FROM span WHERE trace_id IS NOT NULL;', explain);
      const { plan } = (await response.json()) as { plan: readonly Readonly<Record<string, unknown>>[] };
      expect(plan[0]?.['Plan']).toBeDefined();
      expect(plan[0]?.['Execution Time'] === undefined).toBe(explain === 'plan');
    }
  });

  it.each([
    ['SELECT\n  nothing', 'column "nothing" does not exist at line 2, column 3'],
    ['SELECT 1; SELECT 2', 'multiple commands'],
    ['SELECT 1) AS x; DELETE FROM tracestore.span; SELECT (1', 'syntax error'],
    ['DELETE FROM tracestore.ledger', 'permission denied|return rows'],
    ['SELECT * FROM tracestore.span', 'permission denied'],
    ['SELECT * FROM pg_authid', 'permission denied'],
    [`SELECT pg_read_file('/etc/passwd')`, 'permission denied'],
    [`SELECT set_config('role', 'none', false)`, 'cannot set parameter "role" within security-definer function'],
    [`SELECT set_config('session_authorization', 'default', false)`, 'within security-definer function'],
    [`SELECT set_config('transaction_read_only', 'off', false)`, 'read-write mode'],
    ['SELECT ps_trace.delete_all_traces()', 'permission denied'],
    ['DO $$ BEGIN RESET ROLE; END $$', 'must return rows'],
    [`COPY (SELECT 1) TO PROGRAM 'true'`, 'must return rows'],
    ['SHOW data_directory', 'current_setting'],
    ['SELECT 1/0', 'division by zero'],
    ['VALUES (1), (', 'syntax error at end of input'],
  ])('refuses %s', async (sql, words) => {
    const response = await ask(sql);
    const { detail } = await problemOf(response);
    expect(detail).toMatch(new RegExp(words));
    expect(response.status).toBe(400);
  });

  it('says where the fault is, in characters', async () => {
    const problem = await problemOf(await ask(`SELECT '\u{1F600}',\n  '\u{1F600}' || nothing`));
    expect(problem).toMatchObject({ position: { line: 2, column: 10 } });
    expect(await problemOf(await ask('SELECT 1/0'))).not.toHaveProperty('position');
  });
});

describe('SQL that takes long', () => {
  it('is stopped by its timeout, and when the client disconnects', async () => {
    const quick = await startTracestore(database.url, {
      console: {
        ...readTracestoreConfig({}).console,
        sqlConnections: 1,
        sqlTimeoutMs: 300,
        sqlMaxRows: 10,
        sqlPerMinute: 3,
      },
    });
    try {
      const slowly = (signal?: AbortSignal): Promise<Response> =>
        fetch(`${quick.url}/api/sql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sql: `SELECT set_config('statement_timeout', '0', false), pg_sleep(60)` }),
          ...(signal === undefined ? {} : { signal }),
        });
      const late = await slowly();
      expect(late.status).toBe(504);
      expect(await problemOf(late)).toMatchObject({ type: 'urn:spandrel:problem:timed-out' });
      await slowly();
      await slowly();
      const fourth = await slowly();
      expect(fourth.status).toBe(429);
      expect(Number(fourth.headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await quick.stop();
    }
    const patience = new AbortController();
    const given = ask('SELECT pg_sleep(60)', 'no', patience.signal);
    const sleeping = async (): Promise<number> => {
      const [row] = await queryOnce<{ n: string }>(
        database.url,
        `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'tracestore sql' AND state = 'active' AND query LIKE '%pg_temp.ask%' AND datname = current_database()`,
      );
      return Number(row?.n);
    };
    await expect.poll(sleeping, { timeout: 5_000 }).toBe(1);
    patience.abort();
    await expect(given).rejects.toThrow('abort');
    await expect.poll(sleeping, { timeout: 5_000 }).toBe(0);
  });

  it('has its limits and what there is to ask on show', async () => {
    expect(await get(sqlLimits, 'sql/limits')).toEqual({
      timeoutMs: 30_000,
      maxRows: 10_000,
      maxBytes: 16 * 1024 * 1024,
      perMinute: 60,
    });
    const { relations, functions } = await get(catalogueResponse, 'sql/catalogue');
    const span = relations.find(({ name }) => name === 'span');
    expect(span?.columns).toContainEqual(expect.objectContaining({ name: 'trace_id', type: 'trace_id' }));
    expect(functions.map(({ name }) => name)).toContain('trace_tree');
  });
});

describe('dashboards', () => {
  it('are listed, and each query of each answers', async () => {
    const { dashboards } = await get(dashboardsResponse, 'dashboards');
    expect(dashboards.length).toBeGreaterThanOrEqual(6);
    for (const { uid, panels, variables } of dashboards) {
      for (const { name } of [...panels.flatMap(({ queries }) => queries), ...variables.map(({ query }) => query)]) {
        await get(queryResponse, `dashboards/${uid}/queries/${name}`);
      }
    }
  });

  it('take values as values', async () => {
    const { dashboards } = await get(dashboardsResponse, 'dashboards');
    const [uid] = dashboards.filter(({ variables }) => variables.length === 2).map((dashboard) => dashboard.uid);
    const { rows } = await get(
      queryResponse,
      `dashboards/${uid}/queries/operations?service=${encodeURIComponent(`' OR true --`)}`,
    );
    expect(rows).toEqual([]);
    const wrong = await api(`dashboards/${uid}/queries/operations?sql=1`);
    expect([wrong.status, (await problemOf(wrong))['detail']]).toEqual([400, 'operations has no parameter sql']);
    expect((await api(`dashboards/${uid}/queries/none`)).status).toBe(404);
  });
});

describe('the system', () => {
  it('says what the database can do, what came in and how much space it takes', async () => {
    const { database: found, ingest, versions } = await get(systemResponse, 'system');
    expect(versions.tracestore).toMatch(/^\d+\.\d+\.\d+/);
    expect(found?.postgresVersion).toMatch(/^\d\d\./);
    const accepted = ingest.find(({ name }) => name === 'tracestore_ingest_spans_accepted_total');
    expect(accepted?.values.reduce((sum, { value }) => sum + value, 0)).toBe(18);
    const { tables, databaseBytes } = await get(storageResponse, 'system/storage');
    const span = tables.find(({ name }) => name === 'span');
    expect(span?.bytes).toBeGreaterThan(0);
    expect(span?.partitions).toBeGreaterThan(0);
    expect(databaseBytes).toBeGreaterThan(span?.bytes ?? Infinity);
  });

  it('lists the parts in which spans are kept', async () => {
    const { partitions } = await get(partitionsResponse, 'system/partitions');
    const now = BigInt(Date.now()) * 1_000_000n;
    const present = partitions.filter(
      ({ fromUnixNano, toUnixNano }) => BigInt(fromUnixNano ?? 0) <= now && now < BigInt(toUnixNano ?? 0),
    );
    expect(present).toHaveLength(1);
    expect(present[0]?.bytes).toBeGreaterThan(0);
    // Hypertables have no part for any other time: they make one.
    const { database: found } = await get(systemResponse, 'system');
    const hasDefault = found?.storage === 'native partitions';
    expect(partitions.some(({ fromUnixNano }) => fromUnixNano === null)).toBe(hasDefault);
  });

  it('lets the retention be set, and set back', async () => {
    const put = (retentionMs: number | null): Promise<Response> =>
      api('system/retention', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ retentionMs }),
      });
    const before = await get(retention, 'system/retention');
    expect(before.isRequested).toBe(false);
    expect(await (await put(86_400_000)).json()).toMatchObject({ retentionMs: 86_400_000, isRequested: true });
    expect((await put(5)).status).toBe(400);
    expect(await (await put(null)).json()).toMatchObject({ retentionMs: before.retentionMs, isRequested: false });
  });

  it('shows a shorter retention that waits, until it is confirmed', async () => {
    const change = (method: string, path: string, retentionMs: number | null): Promise<Response> =>
      api(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ retentionMs }) });
    const dayMs = 86_400_000;
    const pending = async () => (await get(retention, 'system/retention')).pending;
    const { retentionMs: appliedMs } = await get(retention, 'system/retention');
    // 2,000 days are older than every span here.
    await change('PUT', 'system/retention', 2_000 * dayMs);
    await expect
      .poll(pending, { timeout: 60_000, interval: 500 })
      .toContainEqual({ subject: 'traces', retentionMs: 2_000 * dayMs, appliedMs, waitsMs: expect.any(Number) });
    const [{ waitsMs } = { waitsMs: 0 }] = await pending();
    expect(waitsMs).toBeGreaterThan(dayMs - 600_000);
    expect(waitsMs).toBeLessThanOrEqual(dayMs);
    const wrong = await change('POST', 'system/retention/confirmation', 3 * dayMs);
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('no retention period of')]);
    expect((await change('POST', 'system/retention/confirmation', -1)).status).toBe(400);
    const confirmed = await change('POST', 'system/retention/confirmation', 2_000 * dayMs);
    expect(await confirmed.json()).toMatchObject({ retentionMs: 2_000 * dayMs, pending: [] });
    await change('PUT', 'system/retention', null);
  }, 120_000);
});

describe('the document', () => {
  it('is OpenAPI 3.1 and has the schemas that validate', async () => {
    const document = (await (await fetch(`${store.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: Record<string, unknown> }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const search = document.paths['/api/traces']?.['get'];
    expect(search?.parameters?.map(({ name }) => name)).toContain('minDurationNs');
    expect(JSON.stringify(search?.responses['200'])).toContain('nextCursor');
    expect(JSON.stringify(document.paths['/api/sql']?.['post'])).toContain('one statement that returns rows');
  });
});
