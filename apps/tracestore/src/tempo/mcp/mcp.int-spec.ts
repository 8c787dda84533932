import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTracestoreConfig } from '../../config/tracestore.config.js';

const token = 'a-token-of-more-than-16-letters';

let fresh: FreshDatabase;
let store: RunningTracestore;
let client: Client;

async function connect(headers: Readonly<Record<string, string>>): Promise<Client> {
  const connected = new Client({ name: 'test', version: '1' });
  const url = new URL(`http://${store.tempoAddress}/api/mcp`);
  await connected.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return connected;
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  const { access, console, tempoAccess } = readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
  store = await startTracestore(fresh.url, { access, console, tempoAccess });
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = goodSpan({
    traceId: hexBytes('00000000000000000000000000000abc'),
    name: 'pay',
    startTimeUnixNano: now - 5_000_000_000n,
    endTimeUnixNano: now - 4_000_000_000n,
    attributes: [text('card', 'visa')],
    status: { code: 2, message: 'declined' },
  });
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([span])));
  client = await connect({ authorization: `Bearer ${token}` });
});

afterAll(async () => {
  await client.close();
  await store.stop();
  await fresh.drop();
});

async function call(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [block] = content as readonly { readonly type: string; readonly text?: string }[];
  return `${isError === true ? 'error: ' : ''}${block?.text ?? ''}`;
}

describe('the tools for language models', () => {
  it('all read only', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).toSorted()).toEqual([
      'docs-traceql',
      'get-attribute-names',
      'get-attribute-values',
      'get-trace',
      'traceql-explain',
      'traceql-metrics-instant',
      'traceql-metrics-range',
      'traceql-search',
    ]);
    expect(tools.every(({ annotations, description }) => annotations?.readOnlyHint === true && description)).toBe(true);
  });

  it.each([
    ['docs-traceql', {}, /quantile_over_time/],
    ['traceql-search', { query: '{ status = error }' }, /"traceID":"abc"/],
    ['traceql-metrics-instant', { query: '{} | count_over_time()' }, /"value":1/],
    ['traceql-metrics-range', { query: '{} | rate() by(name)', step: '1m' }, /"stringValue":"pay"/],
    ['get-trace', { trace_id: 'abc' }, /"card":"visa"/],
    ['get-attribute-names', { scope: 'span' }, /"card"/],
    ['get-attribute-values', { name: 'span.card' }, /"visa"/],
    ['get-attribute-values', { name: 'span.card', 'filter-query': '{ status = error }' }, /"visa"/],
    ['traceql-explain', { query: '{ status = error }' }, /ps_trace/],
  ])('answer: %s %j', async (name, args, expected) => {
    expect(await call(name, args)).toMatch(expected);
  });

  it.each([
    ['traceql-search', { query: '{} | rate()' }, /metrics query: use the tool/],
    ['traceql-search', { query: '{ .a = }' }, /line 1, col 8/],
    ['traceql-metrics-instant', { query: '{}' }, /not a metrics query/],
    ['get-trace', { trace_id: 'x' }, /hexadecimal/],
    ['traceql-search', { query: '{}', start: 'yesterday' }, /RFC 3339/],
  ])('say what is wrong: %s %j', async (name, args, expected) => {
    expect(await call(name, args)).toMatch(expected);
  });

  it('need the token', async () => {
    await expect(connect({})).rejects.toThrow(/401|Unauthorized|token/i);
  });
});
