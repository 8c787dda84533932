import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTracestoreConfig } from '../../config/tracestore.config.js';

const token = 'a-token-of-more-than-16-letters';

let fresh: FreshDatabase;
let store: RunningTracestore;
/** A request of the Model Context Protocol over streamable HTTP, and its result. */
async function request<Result>(
  method: string,
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` },
): Promise<{ readonly status: number; readonly result: Result | undefined }> {
  const response = await fetch(`http://${store.tempoAddress}/api/mcp`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const body = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const [, data = body] = isStream ? (/^data: (.*)$/m.exec(body) ?? []) : [];
  return { status: response.status, ...(JSON.parse(response.ok ? data : '{}') as { readonly result: Result }) };
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
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly annotations?: { readonly readOnlyHint?: boolean };
}

interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly isError?: boolean;
}

async function call(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { result } = await request<ToolResult>('tools/call', { name, arguments: args });
  return `${result?.isError === true ? 'error: ' : ''}${result?.content[0]?.text ?? ''}`;
}

describe('the tools for language models', () => {
  it('all read only', async () => {
    const { result } = await request<{ readonly tools: readonly Tool[] }>('tools/list', {});
    const tools = result?.tools ?? [];
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
    ['get-trace', { trace_id: 'abc' }, /"card": ?"visa"/],
    ['get-attribute-names', { scope: 'span' }, /"card"/],
    ['get-attribute-values', { name: 'span.card' }, /"visa"/],
    ['get-attribute-values', { name: 'span.card', 'filter-query': '{ status = error }' }, /"visa"/],
    ['traceql-explain', { query: '{ status = error }' }, /ps_trace/],
  ])('answer: %s %j', async (name, args, expected) => {
    // Aggregates that are complete up to a later time lack this span until their next run, at most 10 s.
    await expect.poll(() => call(name, args), { timeout: 30_000 }).toMatch(expected);
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
    expect((await request('tools/list', {}, {})).status).toBe(401);
  });

  it('begin with the handshake of the protocol', async () => {
    const { result } = await request<{ readonly serverInfo: { readonly name: string } }>('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    });
    expect(result?.serverInfo.name).toBe('tracestore');
  });

  it('keep no sessions', async () => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    for (const method of ['GET', 'DELETE']) {
      expect((await fetch(`http://${store.tempoAddress}/api/mcp`, { method, headers })).status).toBe(405);
    }
  });
});
